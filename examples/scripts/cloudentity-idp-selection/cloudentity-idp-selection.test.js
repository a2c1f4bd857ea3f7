const { test } = require("node:test");
const assert = require("node:assert/strict");
const script = require("./cloudentity-idp-selection");

test("by header and hint", async (t) => {
  const request = { headers: { "Custom-Header": ["azure"] }, query_params: { login_hint: ["ada@okta.example"] } };
  const idps = [{ id: "1", name: "azure" }, { id: "2", name: "okta.example" }, { id: "3", name: "x" }];
  assert.deepEqual(await script(t.context({ request, idps })), { idps_ids: ["1", "2"] });
});
