// Trades a signed assertion for an access token (RFC 7523), as Salesforce, Okta and
// others have it. The private key signs, and nobody reads it.
const jwt = require("jsonwebtoken");

module.exports = async function (context) {
  const { ISSUER, KEY_ID } = context.variables;
  const assertion = jwt.sign({ sub: context.input.user }, context.secrets.ASSERTION_KEY, {
    algorithm: "RS256",
    keyid: KEY_ID,
    issuer: ISSUER,
    audience: "https://login.partner.example",
    expiresIn: "3m",
  });
  const response = await fetch("https://login.partner.example/services/oauth2/token", {
    method: "POST",
    body: new URLSearchParams({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion }),
    seal: ["/access_token"],
  });
  const token = await response.json();
  if (!response.ok) throw new Error(`${token.error}: ${token.error_description}`);

  const me = await fetch("https://login.partner.example/services/oauth2/userinfo", {
    headers: { Authorization: `${token.token_type} ${token.access_token}` },
  });
  const { organization_id, user_type } = await me.json();
  return { organization_id, user_type };
};
