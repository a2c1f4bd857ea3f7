// Signs in without a password: mails a link with a token that nobody can make, and
// redeems it. The token goes to the mail service only; even the caller of this
// script does not see it.
const { createHmac } = require("node:crypto");

const mac = (payload, secrets) => createHmac("sha256", secrets.MAGIC_LINK_KEY).update(payload).digest("base64url");

async function send({ input, secrets }) {
  const payload = Buffer.from(JSON.stringify({ email: input.email, exp: Date.now() + 600_000 })).toString("base64url");
  const link = `https://app.example.com/login?token=${payload}.${mac(payload, secrets)}`;
  const response = await fetch("https://api.postmarkapp.com/email", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Postmark-Server-Token": secrets.POSTMARK_TOKEN },
    body: JSON.stringify({ From: "login@example.com", To: input.email, Subject: "Sign in", TextBody: `Open ${link}` }),
  });
  if (!response.ok) throw new Error(`Postmark answered ${response.status}`);
  return { sent: true };
}

async function redeem({ input, secrets }) {
  const [payload, signature] = input.token.split(".");
  if (mac(payload, secrets) !== signature) return { signed_in: false, reason: "forged" };
  const { email, exp } = JSON.parse(Buffer.from(payload, "base64url").toString());
  if (exp < Date.now()) return { signed_in: false, reason: "expired" };
  return { signed_in: true, email };
}

module.exports = async (context) => (context.input.token ? redeem(context) : send(context));
