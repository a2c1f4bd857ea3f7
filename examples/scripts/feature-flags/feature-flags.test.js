const { test, mock } = require("node:test");
const assert = require("node:assert/strict");
const evaluate = require("./feature-flags");

test("uses what it kept when the service is down", async (t) => {
  const flags = { beta: { enabled: true, groups: ["staff"] }, all: { enabled: true, percentage: 100 }, off: { enabled: false, percentage: 100 } };
  const context = t.context({ input: { user: "ada", groups: ["staff"] } });
  mock.fetch("https://flags.example.com/v1/config.json", { json: { flags }, times: 1 });
  const want = { beta: true, all: true, off: false };
  assert.deepEqual(await evaluate(context), want);
  context.cache.delete("fresh");
  assert.deepEqual(await evaluate(context), want);
  assert.equal(mock.calls().length, 2);
});
