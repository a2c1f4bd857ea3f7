// Tells a channel of Slack about a sign-in from a new country.
module.exports = async function (context) {
  const { user, country } = context.input;
  const response = await fetch("https://slack.com/api/chat.postMessage", {
    method: "POST",
    headers: {
      "Content-Type": "application/json; charset=utf-8",
      Authorization: `Bearer ${context.secrets.SLACK_BOT_TOKEN}`,
    },
    body: JSON.stringify({
      channel: context.variables.SLACK_CHANNEL,
      text: `${user} signed in from ${country} for the first time`,
    }),
  });
  const result = await response.json();
  if (!result.ok) {
    console.error("Slack said", result.error);
    throw new Error(`Slack: ${result.error}`);
  }
  return { posted: result.ts };
};
