const { test, mock } = require("node:test");
const assert = require("node:assert/strict");
const mint = require("./cloudentity-token-minting");

test("mints roles, with one token for all calls of a run", async (t) => {
  mock.fetch("POST https://acp.example.com/oauth2/token", { json: { access_token: "t", expires_in: 3600 } });
  mock.fetch("https://roles.example.com/users/ada", { json: ["admin"] });
  const context = t.context({ id_token: { sub: "ada" } });
  assert.deepEqual(await mint(context), { access_token: { myRoles: ["admin"] } });
  await mint(context);
  assert.equal(mock.calls().length, 3);
});
