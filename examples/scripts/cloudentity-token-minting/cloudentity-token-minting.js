// Cloudentity's samples together: a secret for an API call, an OAuth token kept in
// a variable of the module, and claims for the access token. Each run has its own
// module here, so the token is fetched by each; context.cache keeps one.
let token;
let expires = 0;

async function getToken(context) {
  if (token && Date.now() < expires - 10 * 1000) {
    return token;
  }
  const response = await fetch("https://acp.example.com/oauth2/token", {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: "extension",
      client_secret: context.secrets.client_secret,
    }).toString(),
  });
  const json = await response.json();
  token = json.access_token;
  expires = Date.now() + json.expires_in * 1000;
  return token;
}

module.exports = async function (context) {
  const roles = await fetch("https://roles.example.com/users/" + context.id_token.sub, {
    headers: { Authorization: "Bearer " + (await getToken(context)) },
  });
  return { access_token: { myRoles: await roles.json() } };
};
