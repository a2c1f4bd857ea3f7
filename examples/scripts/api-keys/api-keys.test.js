const { test } = require("node:test");
const assert = require("node:assert/strict");
const identify = require("./api-keys");

test("knows both keys of a partner", async (t) => {
  const as = async (key) => await identify(t.context({ input: { headers: { "x-api-key": key } } }));
  assert.deepEqual(await as("acme-key-of-the-fixtures-2"), { allowed: true, partner: "acme" });
  assert.deepEqual(await as("globex-key-of-the-fixtures"), { allowed: true, partner: "globex" });
  assert.deepEqual(await as("globex-key"), { allowed: false });
  assert.deepEqual(await as(undefined), { allowed: false });
});
