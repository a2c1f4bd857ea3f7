// For the point allowed_idp_ids: says which identity providers somebody may choose
// from, by the request that brought him. An empty list allows none.
module.exports = async function (context) {
  const hint = context.request.query_params["login_hint"]?.[0] ?? "";
  const internal = context.request.headers["X-Internal-Network"]?.[0] === "yes";
  const idps = context.idps.filter((idp) => internal || idp.name !== "Staff directory");
  const own = idps.filter((idp) => idp.domain !== undefined && hint.endsWith("@" + idp.domain));
  return { idps_ids: (own.length > 0 ? own : idps).map((idp) => idp.id) };
};
