const { test, mock } = require("node:test");
const assert = require("node:assert/strict");
const { createHmac } = require("node:crypto");
const login = require("./magic-link");

test("mails a link", async (t) => {
  mock.fetch("POST https://api.postmarkapp.com/email", { json: {} });
  assert.deepEqual(await login(t.context({ input: { email: "ada@example.com" } })), { sent: true });
  assert.equal(JSON.parse(mock.calls()[0].body).To, "ada@example.com");
});

test("redeems what is signed, and in time", async (t) => {
  const token = (claims, key) => {
    const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
    return payload + "." + createHmac("sha256", key).update(payload).digest("base64url");
  };
  const key = "magic-link-key-of-the-fixtures";
  const redeem = async (claims, key) => await login(t.context({ input: { token: token(claims, key) } }));
  const email = "ada@example.com";
  assert.deepEqual(await redeem({ email, exp: Date.now() + 1000 }, key), { signed_in: true, email });
  assert.deepEqual(await redeem({ email, exp: Date.now() - 1000 }, key), { signed_in: false, reason: "expired" });
  assert.deepEqual(await redeem({ email, exp: Date.now() + 1000 }, "another key"), { signed_in: false, reason: "forged" });
});
