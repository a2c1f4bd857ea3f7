// Cloudentity's sample: chooses identity providers by a header and the login hint.
module.exports = async function (context) {
  const header = context.request.headers["Custom-Header"][0];
  const hint = context.request.query_params['login_hint'];
  return {
    idps_ids: context.idps.filter((idp) => idp.name === header || (hint && hint[0].endsWith(idp.name))).map((idp) => idp.id),
  };
};
