// Checks X-Shopify-Hmac-Sha256, the base64 of an HMAC over the raw body.
import { createHmac, timingSafeEqual } from "node:crypto";

export default async function (context) {
  const { headers, body } = context.input;
  const hmac = headers["x-shopify-hmac-sha256"] ?? "";
  const digest = createHmac("sha256", context.secrets.SHOPIFY_CLIENT_SECRET).update(body, "utf8").digest();
  if (!timingSafeEqual(Buffer.from(hmac, "base64"), digest)) {
    return { status: 401 };
  }
  const order = JSON.parse(body);
  return { status: 200, shop: headers["x-shopify-shop-domain"], order: order.id, total: order.total_price };
}
