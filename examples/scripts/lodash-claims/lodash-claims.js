// Works on claims with lodash, which is stored as a module beside the script. Put
// lodash.js 4 into the folder modules, such as from
// https://cdn.jsdelivr.net/npm/lodash@4.17.21/lodash.js
const _ = require("lodash");

module.exports = async function ({ input, secrets }) {
  const partner = _.find(input.partners, (p) => _.isEqual(p.credentials, secrets.PARTNER));
  if (!partner) return { known: false };
  const claims = _.merge({}, partner.defaults, _.pick(input.claims, ["email", "address.country"]));
  return {
    known: true,
    claims: _.mapKeys(claims, (_value, key) => _.snakeCase(key)),
    byType: _.mapValues(_.groupBy(input.entitlements, "type"), (list) => _.map(_.sortBy(list, "id"), "id")),
  };
};
