const { test, mock } = require("node:test");
const assert = require("node:assert/strict");
const { createHash } = require("node:crypto");
const send = require("./sendgrid-mail");

test("mails the code that it gives the digest of", async (t) => {
  mock.fetch("POST https://api.sendgrid.com/v3/mail/send", { status: 202, headers: { "X-Message-Id": "m1" } });
  const { message, salt, digest } = await send(t.context({ input: { email: "ada@example.com" } }));
  assert.equal(message, "m1");
  const mail = JSON.parse(mock.calls()[0].body);
  assert.equal(mail.personalizations[0].to[0].email, "ada@example.com");
  const [, code] = /(\d{6})/.exec(mail.content[0].value);
  assert.equal(createHash("sha256").update(salt + code).digest("base64url"), digest);
});

test("says what SendGrid says", async (t) => {
  mock.fetch("https://api.sendgrid.com/*", { status: 401, json: { errors: [{ message: "wrong key" }] } });
  await assert.rejects(send(t.context({ input: { email: "x" } })), /SendGrid: wrong key/);
});
