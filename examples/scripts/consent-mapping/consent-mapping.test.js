const { test, mock } = require("node:test");
const assert = require("node:assert/strict");
const mint = require("./consent-mapping");

const consent = { Status: "Authorised", ClientId: "tpp", AccountIds: ["1"], Permissions: ["ReadBalances", "Pay"], ExpirationDateTime: "2999-01-01T00:00:00Z" };
const given = { consent_id: "c1", client: { client_id: "tpp" } };

test("maps a consent", async (t) => {
  mock.fetch("https://consents.example.com/account-access-consents/c1", { json: { Data: consent } });
  assert.deepEqual(await mint(t.context(given)), { access_token: { consent_id: "c1", account_ids: ["1"], permissions: ["ReadBalances"] } });
});

for (const change of [{ Status: "Revoked" }, { ClientId: "other" }, { ExpirationDateTime: "2020-01-01T00:00:00Z" }]) {
  test(`refuses ${Object.keys(change)}`, async (t) => {
    mock.fetch("https://consents.example.com/*", { json: { Data: { ...consent, ...change } } });
    await assert.rejects(mint(t.context(given)), /the consent/);
  });
}
