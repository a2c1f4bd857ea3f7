// Open banking: puts the accounts of a consent into the tokens, if the consent is
// authorised and has not expired.
module.exports = async function (context) {
  const { consent_id, client } = context;
  const response = await fetch(`https://consents.example.com/account-access-consents/${consent_id}`, {
    headers: {
      authorization: `Bearer ${context.secrets.CONSENT_API_TOKEN}`,
      "x-fapi-interaction-id": crypto.randomUUID(),
    },
  });
  if (!response.ok) throw new Error(`consent ${consent_id}: status ${response.status}`);
  const { Data: consent } = await response.json();
  if (consent.Status !== "Authorised") throw new Error(`the consent is ${consent.Status}`);
  if (consent.ClientId !== client.client_id) throw new Error("the consent is another client's");
  if (Date.parse(consent.ExpirationDateTime) <= Date.now()) throw new Error("the consent has expired");
  return {
    access_token: {
      consent_id,
      account_ids: consent.AccountIds,
      permissions: consent.Permissions.filter((p) => p.startsWith("Read")),
    },
  };
};
