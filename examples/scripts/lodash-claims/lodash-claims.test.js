const { test } = require("node:test");
const assert = require("node:assert/strict");
const handler = require("./lodash-claims");

test("knows a partner by its credentials", async (t) => {
  const { client, key } = t.context().secrets.PARTNER;
  const given = (credentials) => t.context({
    input: {
      partners: [{ credentials, defaults: { userType: "b2b", address: { zip: "1" } } }],
      claims: { email: "a@b.example", address: { country: "CH", street: "x" }, ssn: "no" },
      entitlements: [{ type: "app", id: 2 }, { type: "app", id: 1 }, { type: "api", id: 3 }],
    },
  });
  assert.deepEqual(await handler(given({ client, key })), {
    known: true,
    claims: { user_type: "b2b", email: "a@b.example", address: { zip: "1", country: "CH" } },
    byType: { app: [1, 2], api: [3] },
  });
  assert.deepEqual(await handler(given({ client, key: "another" })), { known: false });
});
