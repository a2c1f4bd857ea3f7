// Reads a block list from Azure Blob Storage, authorized with Shared Key.
const crypto = require("crypto");

module.exports = async function (context) {
  const account = "acmesecurity";
  const path = "/lists/blocked.json";
  const headers = { "x-ms-date": new Date().toUTCString(), "x-ms-version": "2021-08-06" };

  const canonicalizedHeaders = Object.keys(headers).sort().map((name) => `${name}:${headers[name]}\n`).join("");
  const stringToSign = "GET" + "\n".repeat(12) + canonicalizedHeaders + `/${account}${path}`;
  const signature = crypto
    .createHmac("sha256", Buffer.from(context.secrets.AZURE_STORAGE_KEY, "base64"))
    .update(stringToSign, "utf8")
    .digest("base64");

  const response = await fetch(`https://acmesecurity.blob.core.windows.net${path}`, {
    headers: { ...headers, Authorization: `SharedKey ${account}:${signature}` },
  });
  if (!response.ok) throw new Error(`storage answered ${response.status}: ${response.headers.get("x-ms-error-code")}`);
  const { emails } = await response.json();
  return { blocked: emails.includes(context.input.email.toLowerCase()) };
};
