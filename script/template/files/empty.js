// What is returned is the answer. context.input is what the caller sent,
// context.secrets.NAME a secret, context.variables.NAME a variable.
module.exports = async function (context) {
  return {};
};
