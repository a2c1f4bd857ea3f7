// The echo service answers with the token that it was sent. Neither this script
// nor whoever runs it gets to see it.
module.exports = async function (context) {
  const response = await fetch(context.variables.ECHO_URL, {
    headers: { Authorization: "Bearer " + context.secrets.ECHO_TOKEN },
  });
  return { status: response.status, echo: await response.json() };
};
