// Allows requests from the networks and countries of a variable (IPv4).
const toInt = (ip) => ip.split(".").reduce((n, octet) => (n << 8) + Number(octet), 0) >>> 0;

function inRange(ip, cidr) {
  const [base, bits = "32"] = cidr.split("/");
  const mask = bits === "0" ? 0 : (~0 << (32 - Number(bits))) >>> 0;
  return (toInt(ip) & mask) >>> 0 === (toInt(base) & mask) >>> 0;
}

module.exports = async function ({ input, variables }) {
  const { networks, countries } = variables.NETWORK_RULES;
  const { ip, country } = input.context;
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(ip)) return { decision: false, context: { reason: "no IPv4 address" } };
  if (networks.some((cidr) => inRange(ip, cidr))) return { decision: true, context: { reason: "network" } };
  if (countries.includes(country)) return { decision: true, context: { reason: "country" } };
  return { decision: false, context: { reason: `${ip} (${country}) is not on the list` } };
};
