const { test } = require("node:test");
const assert = require("node:assert/strict");
const map = require("./saml-attributes");

test("maps names and groups", async (t) => {
  const saml_attributes = {
    "urn:oid:0.9.2342.19200300.100.1.3": [" Ada@Example.com "],
    memberOf: ["CN=app-write,OU=Groups,DC=example", "CN=printers,DC=example", "CN=app-read,DC=example"],
  };
  const { authn_ctx, amr } = await map(t.context({ authn_ctx: { saml_attributes }, amr: ["pwd"] }));
  assert.deepEqual(authn_ctx, { email: "ada@example.com", groups: ["read", "write"] });
  assert.deepEqual(amr, ["pwd", "saml"]);
});
