const { test } = require("node:test");
const assert = require("node:assert/strict");
const { createHmac } = require("node:crypto");
const receive = require("./twilio-webhook");

const url = "https://hooks.example.com/sms?lang=en";

test("reads a message that Twilio signed", async (t) => {
  const params = { To: "+4400", From: "+4411", Body: " stop " };
  const signature = createHmac("sha1", t.context().secrets.TWILIO_AUTH_TOKEN).update(url + "Body stop From+4411To+4400").digest("base64");
  const headers = { "x-twilio-signature": signature };
  assert.deepEqual(await receive(t.context({ input: { url, params, headers } })), { accepted: true, from: "+4411", stop: true });
  params.From = "+4422";
  assert.deepEqual(await receive(t.context({ input: { url, params, headers } })), { accepted: false });
});
