// Gets a token for a Google service account and asks the Directory API for a
// user's groups. The secret is the key file as Google gives it.
const jwt = require("jsonwebtoken");

async function accessToken(account, scope) {
  const now = Math.floor(Date.now() / 1000);
  const assertion = jwt.sign(
    { iss: account.client_email, scope, aud: "https://oauth2.googleapis.com/token", iat: now, exp: now + 3600 },
    account.private_key,
    { algorithm: "RS256" }
  );
  const response = await fetch("https://oauth2.googleapis.com/token", {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: "grant_type=" + encodeURIComponent("urn:ietf:params:oauth:grant-type:jwt-bearer") + "&assertion=" + assertion,
    seal: [{ pointer: "/access_token", allowed_hosts: ["admin.googleapis.com"] }],
  });
  if (!response.ok) throw new Error(`Google gave no token: ${response.status}`);
  return (await response.json()).access_token;
}

module.exports = async function (context) {
  const account = context.secrets.GOOGLE_SERVICE_ACCOUNT;
  const token = await accessToken(account, "https://www.googleapis.com/auth/admin.directory.group.readonly");
  const url = new URL("https://admin.googleapis.com/admin/directory/v1/groups");
  url.searchParams.set("userKey", context.input.email);
  const response = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
  const { groups = [] } = await response.json();
  return { groups: groups.map((group) => group.email) };
};
