// Signs a request with HMAC-SHA256 as RFC 9421 (HTTP Message Signatures) has it,
// with a header that holds the digest of the body. It is one of the service's own:
// Content-Digest and Digest are headers that scripts cannot set.
const { createHash, createHmac } = require("node:crypto");

module.exports = async function (context) {
  const url = new URL("https://payments.example.com/v1/mandates");
  const body = JSON.stringify({ subject: context.input.user, limit: context.input.limit });
  const digest = createHash("sha256").update(body).digest("hex");

  const created = Math.floor(Date.now() / 1000);
  const params = `("@method" "@authority" "@path" "x-content-sha256");created=${created};keyid="${context.variables.SIGNING_KEY_ID}";alg="hmac-sha256"`;
  const base = [
    `"@method": POST`,
    `"@authority": ${url.host}`,
    `"@path": ${url.pathname}`,
    `"x-content-sha256": ${digest}`,
    `"@signature-params": ${params}`,
  ].join("\n");
  const signature = createHmac("sha256", context.secrets.PAYMENTS_SIGNING_KEY).update(base).digest("base64");

  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-content-sha256": digest,
      "signature-input": `sig1=${params}`,
      signature: `sig1=:${signature}:`,
    },
    body,
  });
  if (response.status !== 201) throw new Error(`payments: ${response.status} ${await response.text()}`);
  return { mandate: response.headers.get("location").split("/").pop() };
};
