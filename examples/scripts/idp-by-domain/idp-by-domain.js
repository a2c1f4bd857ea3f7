// Offers the identity provider of the user's domain, and staff theirs from the
// office only.
module.exports = async function (context) {
  const { headers, query_params } = context.request;
  const domain = query_params["login_hint"]?.[0]?.split("@")[1]?.toLowerCase();
  const office = headers["X-Forwarded-For"]?.[0]?.startsWith("203.0.113.") ?? false;
  const allowed = context.idps.filter((idp) => {
    if (idp.name.startsWith("Staff") && !office) return false;
    return !domain || !idp.domains || idp.domains.includes(domain);
  });
  return { idps_ids: allowed.map((idp) => idp.id) };
};
