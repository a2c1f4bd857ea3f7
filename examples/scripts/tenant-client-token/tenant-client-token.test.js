const { test, mock } = require("node:test");
const assert = require("node:assert/strict");
const mint = require("./tenant-client-token");

test("says the tenant", async (t) => {
  mock.fetch("https://tenants.example.com/tenants/a%2Fb*", { json: { plan: "pro", region: "eu" } });
  const context = t.context({ client: { client_id: "shop", metadata: { tenant: "a/b" } }, access_token: { aud: "shop" } });
  assert.deepEqual(await mint(context), { access_token: { tenant: "a/b", plan: "pro", aud: ["shop", "https://eu.api.example.com"] } });
});

test("needs one", async (t) => {
  await assert.rejects(mint(t.context({ client: { client_id: "x" }, access_token: {} })), /client x has no tenant/);
});
