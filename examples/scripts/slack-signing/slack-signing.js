// Checks that a slash command comes from Slack (X-Slack-Signature), and answers it.
const crypto = require("crypto");

module.exports = async function (context) {
  const { headers, body } = context.input;
  const timestamp = headers["x-slack-request-timestamp"];
  if (Math.abs(Math.floor(Date.now() / 1000) - timestamp) > 60 * 5) {
    throw new Error("the request is too old");
  }
  const base = ["v0", timestamp, body].join(":");
  const digest = "v0=" + crypto.createHmac("sha256", context.secrets.SLACK_SIGNING_SECRET).update(base).digest("hex");
  if (digest !== headers["x-slack-signature"]) {
    throw new Error("the signature is wrong");
  }
  const form = new URLSearchParams(body);
  return { response_type: "ephemeral", text: `${form.get("user_name")} asked for ${form.get("text")}` };
};
