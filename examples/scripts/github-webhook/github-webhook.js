// Checks X-Hub-Signature-256 and says what was pushed where.
const { createHmac, timingSafeEqual } = require("node:crypto");

function verify(secret, payload, header) {
  const expected = "sha256=" + createHmac("sha256", secret).update(payload).digest("hex");
  const a = Buffer.from(expected);
  const b = Buffer.from(header);
  return timingSafeEqual(a, b);
}

module.exports = async ({ input, secrets }) => {
  const signature = input.headers["x-hub-signature-256"] || "";
  if (!verify(secrets.GITHUB_WEBHOOK_SECRET, input.body, signature)) {
    return { status: 401 };
  }
  const event = JSON.parse(input.body);
  return { status: 202, event: input.headers["x-github-event"], repository: event.repository.full_name, ref: event.ref };
};
