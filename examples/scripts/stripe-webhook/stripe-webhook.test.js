const test = require("node:test");
const assert = require("node:assert/strict");
const { createHmac } = require("node:crypto");
const check = require("./stripe-webhook");

const body = JSON.stringify({ type: "invoice.paid", data: { object: { customer: "cus_1" } } });

// Stripe's part: it has the key of fixtures/secrets.yaml as plain text.
const sign = (time, text) => `t=${time},v1=` + createHmac("sha256", "whsec_of-the-fixtures-4242").update(`${time}.${text}`).digest("hex");

test("believes what Stripe signed", async (t) => {
  const time = Math.floor(Date.now() / 1000);
  const headers = { "stripe-signature": sign(time, body) };
  const result = await check(t.context({ input: { headers, body } }));
  assert.deepEqual(result, { valid: true, type: "invoice.paid", customer: "cus_1" });
});

test("refuses another body, an old one, and none", async (t) => {
  const time = Math.floor(Date.now() / 1000);
  const refused = async (signature) =>
    assert.equal((await check(t.context({ input: { headers: { "stripe-signature": signature }, body } }))).valid, false);
  await refused(sign(time, body + " "));
  await refused(sign(time - 600, body));
  await refused(undefined);
});
