const { test } = require("node:test");
const assert = require("node:assert/strict");
const decide = require("./ip-allow-list");

test("networks and countries", async (t) => {
  const decision = async (ip, country) => (await decide(t.context({ input: { context: { ip, country } } }))).decision;
  assert.equal(await decision("10.255.0.1", "US"), true);
  assert.equal(await decision("11.0.0.1", "US"), false);
  assert.equal(await decision("11.0.0.1", "CH"), true);
  assert.equal(await decision("::1", "CH"), false);
});
