const test = require("node:test");
const assert = require("node:assert/strict");
const receive = require("./github-webhook");

test("GitHub's own example of a signature is for another body", async (t) => {
  const headers = {
    "x-github-event": "push",
    "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
  };
  // It is that of "Hello, World!", which is no JSON: that it gets so far shows that it is valid.
  await assert.rejects(receive(t.context({ input: { headers, body: "Hello, World!" } })), { name: "SyntaxError" });
  assert.deepEqual(await receive(t.context({ input: { headers, body: "{}" } })), { status: 401 });
});
