// Issues and checks sessions as HS256 tokens. The key says release: true, so that
// the tokens may leave; the key itself does not.
const jwt = require("jsonwebtoken");

const options = { issuer: "https://login.example.com", audience: "console" };

module.exports = async function ({ input, secrets }) {
  if (input.action === "issue") {
    const token = jwt.sign({ role: input.role }, secrets.SESSION_KEY, { ...options, subject: input.user, expiresIn: "15m", jwtid: crypto.randomUUID() });
    return { token };
  }
  try {
    const { sub, role } = jwt.verify(input.token, secrets.SESSION_KEY, { ...options, algorithms: ["HS256"] });
    return { active: true, sub, role };
  } catch (error) {
    return { active: false, reason: error.message };
  }
};
