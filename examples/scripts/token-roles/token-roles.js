// Mints roles into access tokens, from groups and the scopes that were granted.
const ROLES = { "grp-finance": ["invoices:read"], "grp-finance-leads": ["invoices:read", "invoices:approve"], "grp-it": ["users:write"] };

module.exports = async function (context) {
  const groups = context.authn_ctx?.groups ?? [];
  const roles = [...new Set(groups.flatMap((group) => ROLES[group] ?? []))].sort();
  const scopes = context.access_token.scp ?? [];
  return {
    access_token: {
      myRoles: scopes.includes("roles") ? roles : [],
      tier: context.client.metadata?.tier ?? "standard",
    },
  };
};
