// Asks an API with a secret that may go there, and answers with what it says.
//
//   reticent variable put API_URL https://api.example.com/v1/users
//   reticent secret create API_TOKEN --allowed-hosts api.example.com
module.exports = async function (context) {
  const url = context.variables.API_URL + "?" + new URLSearchParams({ id: context.input.id });
  const response = await fetch(url, {
    headers: { authorization: "Bearer " + context.secrets.API_TOKEN, accept: "application/json" },
  });
  if (!response.ok) {
    console.warn("the API answered", response.status);
    throw new Error("the API did not answer as expected");
  }
  const user = await response.json();
  return { id: user.id, groups: user.groups ?? [] };
};
