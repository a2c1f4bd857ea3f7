// Sends a text message with Twilio: Basic authentication and a form.
module.exports = async function (context) {
  const { TWILIO_ACCOUNT, TWILIO_FROM } = context.variables;
  const credentials = Buffer.from(`${TWILIO_ACCOUNT}:${context.secrets.TWILIO_AUTH_TOKEN}`).toString("base64");
  const response = await fetch(`https://api.twilio.com/2010-04-01/Accounts/${TWILIO_ACCOUNT}/Messages.json`, {
    method: "POST",
    headers: { Authorization: `Basic ${credentials}` },
    body: new URLSearchParams({ To: context.input.phone, From: TWILIO_FROM, Body: context.input.text }),
  });
  const message = await response.json();
  if (response.status !== 201) {
    throw new Error(`Twilio ${message.code}: ${message.message}`);
  }
  return { sid: message.sid, status: message.status };
};
