package seal

import (
	"fmt"
	"strings"
)

// Code says which rule refused. Codes are stable and part of the API.
type Code string

// The codes of this package and of egress.
const (
	// CodeUnavailable: the secret is absent, disabled, expired or unreachable.
	CodeUnavailable Code = "secret_unavailable"
	// CodeForbidden: whoever stored the script or policy may not use a secret of it.
	CodeForbidden Code = "secret_forbidden"
	// CodeInspected: an operation would look inside a secret.
	CodeInspected Code = "sealed_secret_inspected"
	// CodeLimited: too many comparisons with a weak secret have missed.
	CodeLimited Code = "comparison_limited"
	// CodeLiveSurrogate: an input or a literal holds a live surrogate.
	CodeLiveSurrogate Code = "surrogate_in_input"
	// CodeKey: a text or a secret is no key for what it is used for.
	CodeKey Code = "key_unusable"
	// CodeEgressDenied: a rule does not let a secret or a request go there.
	CodeEgressDenied Code = "egress_denied"
	// CodeEgressFailed: a request that was allowed did not succeed.
	CodeEgressFailed Code = "egress_failed"
)

// Error is a refusal. Its message never holds a value, nor anything computed
// from one, so that it can be shown to anybody.
type Error struct {
	Code    Code
	Message string
}

// Error gives code and message.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Errorf makes an Error. No argument may be computed from a plaintext.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Unavailable says that there is no secret of a name to be used.
func Unavailable(name string) *Error {
	if manager, _, managed := strings.Cut(name, "/"); managed {
		return Errorf(CodeUnavailable, "secret %s is unavailable: there is no manager %s in this scope, or it has no such secret, or it does not answer; GET …/managers/%s/health tells", name, manager, manager)
	}
	return Errorf(CodeUnavailable, "secret %s is absent, disabled or expired in this scope; create or enable it", name)
}

func inspected(what, instead string) *Error {
	return Errorf(CodeInspected, "%s would look inside a secret; %s", what, instead)
}
