const { test } = require("node:test");
const assert = require("node:assert/strict");
const mint = require("./token-roles");

test("mints roles of groups", async (t) => {
  const given = { client: {}, authn_ctx: { groups: ["grp-it", "grp-finance", "grp-finance-leads", "other"] }, access_token: { scp: ["roles"] } };
  assert.deepEqual(await mint(t.context(given)), {
    access_token: { myRoles: ["invoices:approve", "invoices:read", "users:write"], tier: "standard" },
  });
  given.access_token.scp = [];
  assert.deepEqual((await mint(t.context(given))).access_token.myRoles, []);
});
