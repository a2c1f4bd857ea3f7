const { test, mock } = require("node:test");
const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const jwt = require("jsonwebtoken");
const exchange = require("./jwks-partner-token");

test("takes a token that the partner's key signed", async (t) => {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const key = crypto.createPrivateKey({ key: await crypto.subtle.exportKey("jwk", pair.privateKey), format: "jwk" });
  mock.fetch("https://id.partner.example/.well-known/jwks.json", { json: { keys: [{ ...jwk, kid: "a" }] } });
  const sign = (claims, options) =>
    jwt.sign(claims, key, { algorithm: "ES256", keyid: "a", issuer: "https://id.partner.example/", audience: "us", ...options });
  const token = sign({ sub: "7", email: "ada@partner.example", email_verified: true });
  assert.deepEqual(await exchange(t.context({ input: { token } })), { user: "partner|7", email: "ada@partner.example" });
  const other = sign({ sub: "7" }, { audience: "them" });
  assert.equal((await exchange(t.context({ input: { token: other } }))).message, "jwt audience invalid. expected: us");
});
