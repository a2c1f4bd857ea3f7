const { test } = require("node:test");
const assert = require("node:assert/strict");
const decide = require("./step-up-mfa");

const ask = async (t, action, properties) =>
  (await decide(t.context({ input: { subject: { properties }, action: { name: action }, resource: { type: "account" } } }))).decision;

test("asks for a second factor where it matters", async (t) => {
  const now = Date.now() / 1000;
  assert.equal(await ask(t, "read", { roles: ["user"] }), true);
  assert.equal(await ask(t, "transfer", { roles: ["user"], amr: ["pwd"], auth_time: now }), false);
  assert.equal(await ask(t, "transfer", { roles: ["user"], amr: ["pwd", "otp"], auth_time: now }), true);
  assert.equal(await ask(t, "read", { roles: ["team:owner"], amr: ["mfa"], auth_time: now - 3600 }), false);
});
