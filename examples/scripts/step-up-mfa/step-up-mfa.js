// Asks for a second factor where a role or an action calls for one. It answers at
// AuthZEN's point.
const SENSITIVE = new Set(["delete", "transfer", "export"]);

module.exports = async function (context) {
  const { subject, action, resource } = context.input;
  const { roles = [], amr = [], auth_time = 0 } = subject.properties ?? {};
  const privileged = roles.some((role) => role === "admin" || role.endsWith(":owner"));
  if (!privileged && !SENSITIVE.has(action.name)) return { decision: true, context: {} };

  const factors = amr.includes("mfa") || (amr.includes("pwd") && (amr.includes("otp") || amr.includes("hwk")));
  const age = Date.now() / 1000 - auth_time;
  if (factors && age < context.variables.STEP_UP_MAX_AGE) return { decision: true, context: {} };
  return {
    decision: false,
    context: { reason: `${action.name} on ${resource.type} needs a second factor`, step_up: { acr_values: "mfa", max_age: context.variables.STEP_UP_MAX_AGE } },
  };
};
