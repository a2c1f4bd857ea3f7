// Says whose API key a caller shows. The secret is an object of arrays: each
// partner may have two keys while one replaces the other.
module.exports = async function (context) {
  const key = context.input.headers["x-api-key"];
  for (const [partner, keys] of Object.entries(context.secrets.PARTNER_KEYS)) {
    if (keys.includes(key)) {
      return { allowed: true, partner };
    }
  }
  return { allowed: false };
};
