const { test, mock } = require("node:test");
const assert = require("node:assert/strict");
const attributes = require("./aws-sigv4");

const table = "POST https://dynamodb.eu-central-1.amazonaws.com/";

test("reads attributes", async (t) => {
  mock.fetch(table, { json: { Item: { plan: { S: "pro" }, seats: { N: "12" } } } });
  assert.deepEqual(await attributes(t.context({ input: { user: "u1" } })), { plan: "pro", seats: 12 });
  const { headers, body } = mock.calls()[0];
  assert.deepEqual(JSON.parse(body).Key, { id: { S: "u1" } });
  assert.match(headers["x-amz-date"], /^\d{8}T\d{6}Z$/);
});

test("says what AWS says", async (t) => {
  mock.fetch(table, { status: 400, json: { __type: "UnrecognizedClientException", message: "no" } });
  await assert.rejects(attributes(t.context({ input: { user: "u1" } })), /UnrecognizedClientException no/);
});
