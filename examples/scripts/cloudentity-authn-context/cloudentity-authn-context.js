// Cloudentity's sample: changes the authentication context after the sign-in. An
// attribute that the context does not have is not made.
module.exports = async function postidpauthn(context) {
  const roles = context.authn_ctx.email.endsWith("@example.com") ? ["employee"] : ["guest"];
  return { authn_ctx: { roles: roles, not_in_the_schema: true } };
};
