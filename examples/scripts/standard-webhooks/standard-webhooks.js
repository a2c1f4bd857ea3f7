// Checks a webhook of Standard Webhooks (Svix, OpenAI, Clerk, …).
const crypto = require("crypto");

module.exports = async function (context) {
  const { headers, body } = context.input;
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"];
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) throw new Error("message timestamp out of tolerance");

  const key = Buffer.from(context.secrets.WEBHOOK_SECRET, "base64");
  const expected = crypto.createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  const valid = headers["webhook-signature"]
    .split(" ")
    .map((versioned) => versioned.split(","))
    .some(([version, signature]) => version === "v1" && crypto.timingSafeEqual(Buffer.from(signature), Buffer.from(expected)));
  if (!valid) throw new Error("no matching signature found");
  return JSON.parse(body);
};
