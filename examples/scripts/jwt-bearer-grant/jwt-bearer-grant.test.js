const { test, mock } = require("node:test");
const assert = require("node:assert/strict");
const jwt = require("jsonwebtoken");
const { createPublicKey } = require("node:crypto");
const organization = require("./jwt-bearer-grant");

test("trades an assertion", async (t) => {
  mock.fetch("POST https://login.partner.example/services/oauth2/token", { json: { token_type: "Bearer", access_token: "token-of-the-fixtures-02" } });
  mock.fetch("GET https://login.partner.example/services/oauth2/userinfo", { json: { organization_id: "o1", user_type: "STANDARD", email: "x" } });
  const context = t.context({ input: { user: "ada@example.com" } });
  assert.deepEqual(await organization(context), { organization_id: "o1", user_type: "STANDARD" });
  const assertion = new URLSearchParams(mock.calls()[0].body).get("assertion");
  const claims = jwt.verify(assertion, createPublicKey(context.secrets.ASSERTION_KEY), { issuer: "me", audience: "https://login.partner.example" });
  assert.equal(claims.sub, "ada@example.com");
});
