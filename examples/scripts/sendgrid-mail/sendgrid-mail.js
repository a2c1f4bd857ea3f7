// Mails a one-time code with SendGrid. The code is made here and goes out in the
// mail; the caller gets a digest to check it with.
const crypto = require("crypto");

module.exports = async function (context) {
  const code = String(crypto.randomInt(0, 1e6)).padStart(6, "0");
  const response = await fetch("https://api.sendgrid.com/v3/mail/send", {
    method: "POST",
    headers: new Headers({
      authorization: "Bearer " + context.secrets.SENDGRID_API_KEY,
      "content-type": "application/json",
    }),
    body: JSON.stringify({
      personalizations: [{ to: [{ email: context.input.email }] }],
      from: { email: "no-reply@example.com", name: "Example" },
      subject: "Your code",
      content: [{ type: "text/plain", value: `Your code is ${code}.` }],
    }),
  });
  if (!response.ok) {
    const { errors } = await response.json();
    throw new Error("SendGrid: " + errors.map((e) => e.message).join("; "));
  }
  const salt = crypto.randomBytes(16).toString("hex");
  return {
    message: response.headers.get("x-message-id"),
    salt,
    digest: crypto.createHash("sha256").update(salt + code).digest("base64url"),
  };
};
