// Maps the attributes of a SAML assertion to the user's profile after the sign-in.
const ATTRIBUTES = {
  "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname": "given_name",
  "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname": "family_name",
  "urn:oid:0.9.2342.19200300.100.1.3": "email",
};

module.exports = async function (context) {
  const { authn_ctx } = context;
  const mapped = {};
  for (const [name, claim] of Object.entries(ATTRIBUTES)) {
    const value = authn_ctx.saml_attributes?.[name];
    if (value !== undefined) mapped[claim] = Array.isArray(value) ? value[0] : value;
  }
  mapped.email = mapped.email?.trim().toLowerCase();
  mapped.groups = (authn_ctx.saml_attributes?.memberOf ?? [])
    .map((dn) => /^CN=([^,]+),/i.exec(dn)?.[1])
    .filter((group) => group?.startsWith("app-"))
    .map((group) => group.slice("app-".length))
    .sort();
  return { authn_ctx: mapped, amr: [...new Set([...(context.amr ?? []), "saml"])] };
};
