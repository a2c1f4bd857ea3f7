// Gives each client its own stable id of a user (OpenID Connect's pairwise
// subjects): an HMAC that nobody can compute backwards, without the key.
const { createHmac } = require("node:crypto");

module.exports = async function (context) {
  const sector = new URL(context.client.redirect_uris[0]).hostname;
  const pairwise = createHmac("sha256", context.secrets.PAIRWISE_KEY)
    .update(`${sector}|${context.id_token.sub}`)
    .digest("base64url");
  return { id_token: { sub: pairwise }, access_token: { sub: pairwise } };
};
