// A scripted decision node of ForgeRock's, with secrets and variables as ESVs:
// verifies a phone number with a third party.
module.exports = async function (context) {
  const url = systemEnv.getProperty("esv.verify.url");
  const limit = parseInt(systemEnv.getProperty("esv.verify.limit", "3"), 10);
  if (context.input.attempts >= limit) return { outcome: "locked" };

  const response = await fetch(`${url}/verifications`, {
    method: "POST",
    headers: {
      Authorization: "Bearer " + systemEnv.getProperty("esv.verify.api.key"),
      "Content-Type": "application/json",
    },
    body: JSON.stringify({ number: context.input.number, brand: systemEnv.getProperty("esv.verify.brand", "Example") }),
  });
  return { outcome: response.ok ? "true" : "false" };
};
