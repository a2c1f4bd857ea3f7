const { test, mock } = require("node:test");
const assert = require("node:assert/strict");
const mandate = require("./http-signature");

test("makes a mandate", async (t) => {
  mock.fetch("POST https://payments.example.com/v1/mandates", { status: 201, headers: { location: "/v1/mandates/m1" } });
  assert.deepEqual(await mandate(t.context({ input: { user: "ada", limit: 100 } })), { mandate: "m1" });
  const { headers } = mock.calls()[0];
  assert.match(headers["x-content-sha256"], /^[0-9a-f]{64}$/);
  assert.equal(headers["signature-input"].includes('keyid="k1"'), true);
});
