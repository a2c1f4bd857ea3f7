const { test, mock } = require("node:test");
const assert = require("node:assert/strict");
const post = require("./slack-post");

test("posts to the channel", async (t) => {
  mock.fetch("POST https://slack.com/api/chat.postMessage", { json: { ok: true, ts: "1.2" } });
  const context = t.context({ input: { user: "ada", country: "FR" } });
  assert.deepEqual(await post(context), { posted: "1.2" });
  const [call] = mock.calls();
  assert.equal(call.headers.authorization, "Bearer " + context.secrets.SLACK_BOT_TOKEN);
  assert.deepEqual(JSON.parse(call.body), { channel: "C0TEST", text: "ada signed in from FR for the first time" });
});

test("says what Slack did not like", async (t) => {
  mock.fetch("https://slack.com/*", { json: { ok: false, error: "channel_not_found" } });
  await assert.rejects(post(t.context({ input: {} })), /channel_not_found/);
});
