// Raises an incident at PagerDuty. The routing key goes in the body, where its
// allowed_in says: body:/routing_key.
module.exports = async function ({ input, secrets }) {
  const response = await fetch("https://events.pagerduty.com/v2/enqueue", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      routing_key: secrets.PAGERDUTY_ROUTING_KEY,
      event_action: "trigger",
      dedup_key: `lockout/${input.user}`,
      payload: {
        summary: `${input.user} was locked out after ${input.attempts} attempts`,
        source: "authorization-server",
        severity: input.attempts > 50 ? "critical" : "warning",
      },
    }),
  });
  if (response.status !== 202) {
    throw new Error(`PagerDuty: ${response.status} ${await response.text()}`);
  }
  const { status, dedup_key } = await response.json();
  return { status, dedup_key };
};
