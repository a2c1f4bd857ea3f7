// Reads a user's attributes from DynamoDB, signed with AWS Signature Version 4.
const crypto = require("crypto");

const hmac = (key, data) => crypto.createHmac("sha256", key).update(data, "utf8").digest();
const sha256 = (data) => crypto.createHash("sha256").update(data, "utf8").digest("hex");

function sign({ method, host, path, headers, body, region, service, accessKeyId, secretAccessKey }) {
  const amzDate = new Date().toISOString().replace(/[:-]|\.\d{3}/g, "");
  const date = amzDate.slice(0, 8);
  const all = { ...headers, host, "x-amz-date": amzDate };
  const names = Object.keys(all).map((name) => name.toLowerCase()).sort();
  const canonical = [
    method,
    path,
    "",
    ...names.map((name) => `${name}:${all[name].trim()}`),
    "",
    names.join(";"),
    sha256(body),
  ].join("\n");
  const scope = `${date}/${region}/${service}/aws4_request`;
  const stringToSign = ["AWS4-HMAC-SHA256", amzDate, scope, sha256(canonical)].join("\n");
  const signingKey = hmac(hmac(hmac(hmac("AWS4" + secretAccessKey, date), region), service), "aws4_request");
  const signature = crypto.createHmac("sha256", signingKey).update(stringToSign).digest("hex");
  const { host: _, ...sent } = all;
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
  };
}

module.exports = async function (context) {
  const region = context.variables.AWS_REGION;
  const host = "dynamodb.eu-central-1.amazonaws.com";
  const body = JSON.stringify({ TableName: "users", Key: { id: { S: context.input.user } } });
  const headers = sign({
    method: "POST",
    host,
    path: "/",
    headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.GetItem" },
    body,
    region,
    service: "dynamodb",
    accessKeyId: context.secrets.AWS.accessKeyId,
    secretAccessKey: context.secrets.AWS.secretAccessKey,
  });
  const response = await fetch(`https://${host}/`, { method: "POST", headers, body });
  const answer = await response.json();
  if (!response.ok) throw new Error(`DynamoDB: ${answer.__type} ${answer.message}`);
  return { plan: answer.Item?.plan?.S ?? "free", seats: Number(answer.Item?.seats?.N ?? 0) };
};
