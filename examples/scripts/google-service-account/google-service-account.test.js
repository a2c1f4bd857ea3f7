const { test, mock } = require("node:test");
const assert = require("node:assert/strict");
const groups = require("./google-service-account");

test("lists groups", async (t) => {
  mock.fetch("POST https://oauth2.googleapis.com/token", { json: { access_token: "ya29.of-the-fixtures-0123" } });
  mock.fetch("https://admin.googleapis.com/admin/directory/v1/groups?userKey=ada%40example.com", { json: { groups: [{ email: "a@example.com" }] } });
  assert.deepEqual(await groups(t.context({ input: { email: "ada@example.com" } })), { groups: ["a@example.com"] });
  assert.equal(mock.calls()[1].headers.authorization, "Bearer ya29.of-the-fixtures-0123");
});
