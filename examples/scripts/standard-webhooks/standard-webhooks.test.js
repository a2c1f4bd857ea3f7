const { test } = require("node:test");
const assert = require("node:assert/strict");
const { createHmac } = require("node:crypto");
const receive = require("./standard-webhooks");

test("takes what is signed", async (t) => {
  const time = String(Math.floor(Date.now() / 1000));
  const key = Buffer.from("fixtures of the examples, fixtures of the examples");
  const headers = { "webhook-id": "msg_1", "webhook-timestamp": time };
  headers["webhook-signature"] = "v1,AAAA v1," + createHmac("sha256", key).update(`msg_1.${time}.{"type":"x"}`).digest("base64");
  assert.deepEqual(await receive(t.context({ input: { headers, body: '{"type":"x"}' } })), { type: "x" });
  await assert.rejects(receive(t.context({ input: { headers, body: '{"type":"y"}' } })), /no matching signature/);
});
