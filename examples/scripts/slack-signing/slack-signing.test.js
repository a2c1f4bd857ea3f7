const { test } = require("node:test");
const assert = require("node:assert");
const { createHmac } = require("node:crypto");
const command = require("./slack-signing");

const body = "user_name=ada&text=access+to+prod";

test("answers Slack and nobody else", async (t) => {
  const time = String(Math.floor(Date.now() / 1000));
  const signature = "v0=" + createHmac("sha256", t.context().secrets.SLACK_SIGNING_SECRET).update(`v0:${time}:${body}`).digest("hex");
  const headers = { "x-slack-request-timestamp": time, "x-slack-signature": signature };
  assert.equal((await command(t.context({ input: { headers, body } }))).text, "ada asked for access to prod");
  headers["x-slack-signature"] = "v0=" + "0".repeat(64);
  await assert.rejects(command(t.context({ input: { headers, body } })), /the signature is wrong/);
});
