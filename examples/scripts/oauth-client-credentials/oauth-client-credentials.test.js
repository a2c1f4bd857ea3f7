const { test, mock } = require("node:test");
const assert = require("node:assert/strict");
const enrich = require("./oauth-client-credentials");

test("asks for one token and uses it twice", async (t) => {
  mock.fetch("POST https://login.example.com/oauth2/token", { json: { access_token: "token-of-the-fixtures-01", expires_in: 300 } });
  mock.fetch("https://crm.example.com/contacts/ada%40example.com", { json: { tier: "gold", account_id: 7 } });
  const context = t.context({ input: { email: "ada@example.com" } });
  assert.deepEqual(await enrich(context), { tier: "gold", account: 7 });
  assert.deepEqual(await enrich(context), { tier: "gold", account: 7 });
  const calls = mock.calls();
  assert.deepEqual(calls.map((c) => c.method), ["POST", "GET", "GET"]);
  assert.equal(calls[2].headers.authorization, "Bearer token-of-the-fixtures-01");
  context.cache.delete("token");
});

test("says that there is no token", async (t) => {
  mock.fetch("https://login.example.com/*", { status: 400, json: { error: "invalid_client", access_token: "" } });
  await assert.rejects(enrich(t.context({ input: { email: "a" } })), /no token: 400/);
});
