const { test, mock } = require("node:test");
const assert = require("node:assert/strict");
const enrich = require("./claims-directory");

test("adds claims of employees", async (t) => {
  mock.fetch("https://directory.example.com/v2/users*", {
    json: { resources: [{ department: "R&D", name: { given: "Ada", family: "Lovelace" } }] },
  });
  const context = t.context({ id_token: { sub: "u1" } });
  assert.deepEqual(await enrich(context), {
    access_token: { employee: true, department: "R&D", manager: null },
    id_token: { name: "Ada Lovelace" },
  });
  const [call] = mock.calls();
  assert.equal(new URL(call.url).searchParams.get("filter"), 'id eq "u1"');
  assert.equal(call.headers["x-api-key"], context.secrets.DIRECTORY_API_KEY);
});

test("knows who is no employee", async (t) => {
  mock.fetch("https://directory.example.com/*", { json: { resources: [] } });
  assert.deepEqual(await enrich(t.context({ id_token: { sub: "u2" } })), { access_token: { employee: false } });
});
