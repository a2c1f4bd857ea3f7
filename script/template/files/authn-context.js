// For the point post_authn_ctx: changes what is known of somebody who was just
// authenticated. Attributes replace those of context.authn_ctx; one that is not
// there is not made.
module.exports = async function (context) {
  const { authn_ctx, amr = [] } = context;
  const email = authn_ctx.email ?? "";
  return {
    authn_ctx: {
      email: email.toLowerCase(),
      groups: email.endsWith("@example.com") ? [...(authn_ctx.groups ?? []), "employees"] : authn_ctx.groups,
    },
    amr: amr.includes("pwd") ? amr : [...amr, "fed"],
  };
};
