const { test, mock } = require("node:test");
const assert = require("node:assert/strict");
const node = require("./forgerock-systemenv");

test("verifies a number", async (t) => {
  mock.fetch("POST https://verify.example.com/v2/verifications", { json: {} });
  assert.deepEqual(await node(t.context({ input: { number: "1", attempts: 4 } })), { outcome: "true" });
  assert.deepEqual(JSON.parse(mock.calls()[0].body), { number: "1", brand: "Example" });
  assert.deepEqual(await node(t.context({ input: { number: "1", attempts: 5 } })), { outcome: "locked" });
});
