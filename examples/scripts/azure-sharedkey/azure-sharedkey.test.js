const { test, mock } = require("node:test");
const assert = require("node:assert/strict");
const blocked = require("./azure-sharedkey");

test("reads the list", async (t) => {
  mock.fetch("https://acmesecurity.blob.core.windows.net/lists/blocked.json", { json: { emails: ["eve@example.com"] } });
  assert.deepEqual(await blocked(t.context({ input: { email: "Eve@example.com" } })), { blocked: true });
  assert.deepEqual(await blocked(t.context({ input: { email: "ada@example.com" } })), { blocked: false });
});
