const { test, mock } = require("node:test");
const assert = require("node:assert/strict");
const onCall = require("./token-refresh");

test("says that the refresh token was not taken, and stores nothing", async (t) => {
  mock.fetch("POST https://accounts.example.com/token", { status: 400, json: { error: "invalid_grant", access_token: "", refresh_token: "" } });
  const stored = mock.fn();
  const context = t.context({ input: { user: "ada" } });
  await assert.rejects(onCall({ ...context, secrets: { CALENDAR_REFRESH_TOKEN: context.secrets.CALENDAR_REFRESH_TOKEN, set: stored } }), /not taken: 400/);
  assert.equal(stored.mock.callCount(), 0);
});

test("stores the new refresh token", async (t) => {
  mock.fetch("POST https://accounts.example.com/token", {
    json: { token_type: "Bearer", access_token: "access-of-the-fixtures", refresh_token: "refresh-of-the-fixtures" },
  });
  mock.fetch("https://calendar.example.com/v1/users/ada/on-call", { json: { on_call: true } });
  const stored = mock.fn();
  const context = t.context({ input: { user: "ada" } });
  const secrets = { CALENDAR_REFRESH_TOKEN: context.secrets.CALENDAR_REFRESH_TOKEN, set: stored };
  assert.deepEqual(await onCall({ ...context, secrets }), { on_call: true });
  const [name, value, scope] = stored.mock.calls[0].arguments;
  assert.deepEqual([name, scope], ["CALENDAR_REFRESH_TOKEN", "project"]);
  assert.equal(value, "refresh-of-the-fixtures");
});
