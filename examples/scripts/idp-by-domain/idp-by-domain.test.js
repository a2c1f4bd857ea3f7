const { test } = require("node:test");
const assert = require("node:assert/strict");
const select = require("./idp-by-domain");

const idps = [{ id: "s", name: "Staff" }, { id: "p", name: "Partners", domains: ["partner.example"] }, { id: "g", name: "Everybody" }];
const ids = async (t, request) => (await select(t.context({ request, idps }))).idps_ids;

test("offers what fits", async (t) => {
  assert.deepEqual(await ids(t, { headers: {}, query_params: {} }), ["p", "g"]);
  assert.deepEqual(await ids(t, { headers: { "X-Forwarded-For": ["203.0.113.9"] }, query_params: { login_hint: ["a@example.com"] } }), ["s", "g"]);
  assert.deepEqual(await ids(t, { headers: {}, query_params: { login_hint: ["a@PARTNER.example"] } }), ["p", "g"]);
});
