// Checks X-Twilio-Signature: HMAC-SHA1 over the URL and the sorted parameters.
const crypto = require("crypto");

function expectedSignature(authToken, url, params) {
  const data = Object.keys(params)
    .sort()
    .reduce((acc, key) => acc + key + params[key], url);
  return crypto.createHmac("sha1", authToken).update(Buffer.from(data, "utf-8")).digest("base64");
}

module.exports = async function (context) {
  const { url, params, headers } = context.input;
  const signature = headers["x-twilio-signature"];
  const expected = expectedSignature(context.secrets.TWILIO_AUTH_TOKEN, url, params);
  if (!crypto.timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) {
    return { accepted: false };
  }
  return { accepted: true, from: params.From, stop: params.Body.trim().toUpperCase() === "STOP" };
};
