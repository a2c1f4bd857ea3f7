const { test } = require("node:test");
const assert = require("node:assert/strict");
const jwt = require("jsonwebtoken");
const session = require("./jwt-session");

test("issues what it takes", async (t) => {
  const { token } = await session(t.context({ input: { action: "issue", user: "ada", role: "admin" } }));
  assert.equal(jwt.decode(token).aud, "console");
  assert.deepEqual(await session(t.context({ input: { token } })), { active: true, sub: "ada", role: "admin" });
  const forged = jwt.sign({ role: "admin" }, "another key", { subject: "eve" });
  assert.deepEqual(await session(t.context({ input: { token: forged } })), { active: false, reason: "invalid signature" });
});
