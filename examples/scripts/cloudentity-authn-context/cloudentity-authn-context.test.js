const { test } = require("node:test");
const assert = require("node:assert/strict");
const script = require("./cloudentity-authn-context");

test("gives roles", async (t) => {
  assert.deepEqual((await script(t.context({ authn_ctx: { email: "ada@example.com" } }))).authn_ctx.roles, ["employee"]);
});
