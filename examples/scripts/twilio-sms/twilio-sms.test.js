const { test, mock } = require("node:test");
const assert = require("node:assert/strict");
const send = require("./twilio-sms");

const messages = "POST https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json";

test("sends a message", async (t) => {
  mock.fetch(messages, { status: 201, json: { sid: "SM1", status: "queued" } });
  const context = t.context({ input: { phone: "+441", text: "a & b" } });
  assert.deepEqual(await send(context), { sid: "SM1", status: "queued" });
  const [call] = mock.calls();
  assert.equal(call.body, "To=%2B441&From=%2B15550100&Body=a+%26+b");
  assert.equal(call.headers.authorization, "Basic " + Buffer.from("AC1:" + context.secrets.TWILIO_AUTH_TOKEN).toString("base64"));
});

test("says why not", async (t) => {
  mock.fetch(messages, { status: 400, json: { code: 21211, message: "no such number" } });
  await assert.rejects(send(t.context({ input: { phone: "1", text: "" } })), /21211: no such number/);
});
