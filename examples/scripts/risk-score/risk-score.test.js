const { describe, it, mock } = require("node:test");
const assert = require("node:assert/strict");
const assess = require("./risk-score");

describe("risk", () => {
  for (const [score, action] of [[5, "allow"], [30, "mfa"], [95, "deny"]]) {
    it(`${score} is ${action}`, async (t) => {
      mock.fetch("POST https://risk.example.com/v1/score", { json: { score } });
      assert.deepEqual(await assess(t.context({ input: { user: "ada" } })), { score, source: "service", action });
    });
  }
  it("falls back", async (t) => {
    mock.fetch("https://risk.example.com/*", { status: 503 });
    assert.deepEqual(await assess(t.context({ input: { known_device: true } })), { score: 40, source: "fallback", action: "mfa" });
  });
});
