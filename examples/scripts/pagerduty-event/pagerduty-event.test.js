const { test, mock } = require("node:test");
const assert = require("node:assert/strict");
const raise = require("./pagerduty-event");

test("raises an incident", async (t) => {
  mock.fetch("POST https://events.pagerduty.com/v2/enqueue", { status: 202, json: { status: "success", dedup_key: "lockout/ada" } });
  const context = t.context({ input: { user: "ada", attempts: 60 } });
  assert.deepEqual(await raise(context), { status: "success", dedup_key: "lockout/ada" });
  const event = JSON.parse(mock.calls()[0].body);
  assert.equal(event.routing_key, context.secrets.PAGERDUTY_ROUTING_KEY);
  assert.equal(event.payload.severity, "critical");
});

test("says why not", async (t) => {
  mock.fetch("https://events.pagerduty.com/*", { status: 429, body: "slow down" });
  await assert.rejects(raise(t.context({ input: { user: "ada", attempts: 1 } })), /429 slow down/);
});
