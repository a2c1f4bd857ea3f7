// Checks the Stripe-Signature of a webhook before anything believes the event.
const crypto = require("crypto");

const TOLERANCE_SECONDS = 300;

module.exports = async function (context) {
  const { headers, body } = context.input;
  const parts = (headers["stripe-signature"] ?? "").split(",").map((part) => part.split("="));
  const timestamp = parts.find(([key]) => key === "t")?.[1];
  const signatures = parts.filter(([key]) => key === "v1").map(([, value]) => value);
  if (!timestamp || Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) {
    return { valid: false, reason: "the timestamp is missing or too old" };
  }

  const expected = crypto
    .createHmac("sha256", context.secrets.STRIPE_WEBHOOK_SECRET)
    .update(`${timestamp}.${body}`, "utf8")
    .digest("hex");
  const valid = signatures.some((signature) => crypto.timingSafeEqual(Buffer.from(signature), Buffer.from(expected)));
  if (!valid) return { valid: false, reason: "no signature matches" };

  const event = JSON.parse(body);
  return { valid: true, type: event.type, customer: event.data.object.customer };
};
