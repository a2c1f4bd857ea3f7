package validator

// mfaMethod is what a second factor is called in `amr` (RFC 8176 section 2) and
// among the recovery methods of a login.
const mfaMethod = "mfa"

// mfaRecovery is what a caller is told to do where the document says nothing
// else.
var mfaRecovery = []any{map[string]any{"type": mfaMethod}}

// compileMFA compiles the check that the user has shown a second factor, at the
// login or as its recovery since.
func compileMFA(c *compiler, name string, v any, pointer string) node {
	conf, ok := c.conf(v, pointer, "methods")
	if !ok {
		return nil
	}
	methods := conf.texts("methods")
	if methods == nil {
		methods = []string{mfaMethod}
	}
	wanted := make([]any, len(methods))
	for i, m := range methods {
		wanted[i] = m
	}
	var either anyOf
	for _, field := range []string{"login.verified_recovery_methods", "amr"} {
		either = append(either, c.comparison(map[string]any{
			"input": "authn_ctx." + field, "comparator": "contains_any", "value": wanted,
		}, pointer, name, origin{}))
	}
	return described{either, c.failure(Failure{Validator: name, Field: "amr", Message: "another factor of authentication is needed"})}
}
