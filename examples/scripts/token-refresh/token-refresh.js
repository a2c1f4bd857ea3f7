// Uses a refresh token that the server replaces at every use (RFC 6749 section 6,
// RFC 9700 section 4.14): the new one is stored for the next run, and nobody sees
// either.
module.exports = async function (context) {
  const response = await fetch("https://accounts.example.com/token", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      grant_type: "refresh_token",
      client_id: context.variables.CALENDAR_CLIENT_ID,
      refresh_token: context.secrets.CALENDAR_REFRESH_TOKEN,
    }).toString(),
    seal: [
      { pointer: "/access_token", allowed_hosts: ["calendar.example.com"] },
      { pointer: "/refresh_token", allowed_in: ["body"] },
    ],
  });
  if (!response.ok) throw new Error(`the refresh token was not taken: ${response.status}`);
  const tokens = await response.json();
  context.secrets.set("CALENDAR_REFRESH_TOKEN", tokens.refresh_token, "project");

  const calendar = await fetch(`https://calendar.example.com/v1/users/${context.input.user}/on-call`, {
    headers: { authorization: `${tokens.token_type} ${tokens.access_token}` },
  });
  return { on_call: (await calendar.json()).on_call };
};
