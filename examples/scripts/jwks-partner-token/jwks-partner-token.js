// Takes a partner's token (OpenID Connect): fetches the partner's keys, checks the
// signature and the claims, and says who it is here.
const jwt = require("jsonwebtoken");

async function keys(context) {
  const cached = context.cache.get("jwks");
  if (cached) return cached;
  const response = await fetch("https://id.partner.example/.well-known/jwks.json");
  if (!response.ok) throw new Error(`no keys: ${response.status}`);
  const jwks = await response.json();
  context.cache.set("jwks", jwks, 600);
  return jwks;
}

module.exports = async function (context) {
  const jwks = await keys(context);
  try {
    const claims = await jwt.verify(context.input.token, jwks, {
      algorithms: ["RS256", "ES256"],
      issuer: "https://id.partner.example/",
      audience: context.variables.PARTNER_AUDIENCE,
      clockTolerance: 30,
    });
    return { user: `partner|${claims.sub}`, email: claims.email_verified ? claims.email : null };
  } catch (error) {
    return { error: error.name, message: error.message };
  }
};
