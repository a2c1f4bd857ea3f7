import test from "node:test";
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import receive from "./shopify-webhook";

test("takes orders of Shopify only", async (t) => {
  const body = JSON.stringify({ id: 7, total_price: "12.00" });
  const mac = createHmac("sha256", t.context().secrets.SHOPIFY_CLIENT_SECRET).update(body).digest("base64");
  const headers = { "x-shopify-shop-domain": "a.myshopify.com", "x-shopify-hmac-sha256": mac };
  assert.equal((await receive(t.context({ input: { headers, body } }))).total, "12.00");
  assert.equal((await receive(t.context({ input: { headers: {}, body } }))).status, 401);
});
