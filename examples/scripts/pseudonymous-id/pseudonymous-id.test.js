const { test } = require("node:test");
const assert = require("node:assert/strict");
const mint = require("./pseudonymous-id");

test("differs between clients, not between runs", async (t) => {
  const sub = async (uri, user) => (await mint(t.context({ client: { redirect_uris: [uri] }, id_token: { sub: user } }))).id_token.sub;
  const one = await sub("https://a.example/cb", "ada");
  assert.match(one, /^[\w-]{43}$/);
  assert.equal(await sub("https://a.example/other", "ada"), one);
  assert.notEqual(await sub("https://b.example/cb", "ada"), one);
  assert.notEqual(await sub("https://a.example/cb", "bob"), one);
});
