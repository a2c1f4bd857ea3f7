package policy

import (
	"unicode"
	"unicode/utf8"

	"github.com/reticent/reticent/secretstore"
)

// AnyTarget is the target of a binding that answers for every target that has
// none of its own.
const AnyTarget = "*"

// Binding says what answers at a point: a policy or a script, by name, looked up
// from the binding's scope.
type Binding struct {
	Policy string `json:"policy,omitempty"`
	Script string `json:"script,omitempty"`
	// DryRun is a policy that is evaluated beside Policy, after the answer. The
	// decision log has where they differ.
	DryRun string `json:"dry_run,omitempty"`
	// Target is what the point is asked about: a resource type at the point
	// authzen, else the id of a scope, client, server or API. [AnyTarget] is all
	// of them.
	Target string `json:"target"`
}

// Validate checks a binding for a point. The policy's type is checked with
// [Binding.Accepts]. The error is an [*InvalidError].
func (b Binding) Validate(at Point) error {
	if !at.Valid() {
		return invalid(CodeInvalidBinding, "", "", "there is no such point")
	}
	name, pointer := b.Policy, "/policy"
	if b.Policy == "" {
		name, pointer = b.Script, "/script"
	}
	if (b.Policy == "") == (b.Script == "") {
		return invalid(CodeInvalidBinding, "", "give one of policy and script", "a binding has either a policy or a script")
	}
	if b.Script != "" && at == PointDecisionLog {
		return invalid(CodeInvalidBinding, "/script", "bind a policy", "policies answer at %s", at)
	}
	if b.Policy != "" && !at.Decides() && at != PointDecisionLog {
		return invalid(CodeInvalidBinding, "/policy", "bind a script", "scripts answer at %s", at)
	}
	if err := secretstore.CheckName(name); err != nil {
		return invalid(CodeInvalidBinding, pointer, "", "%s", err)
	}
	if b.DryRun != "" {
		if err := b.validateDryRun(at); err != nil {
			return err
		}
	}
	switch {
	case b.Target == "":
		return invalid(CodeInvalidBinding, "/target", `write "*" for every target`, "a binding needs a target")
	case len(b.Target) > MaxTarget:
		return invalid(CodeLimit, "/target", "", "the target is longer than %d bytes (MaxTarget)", MaxTarget)
	case !printable(b.Target):
		return invalid(CodeInvalidBinding, "/target", "", "the target has characters that cannot be printed")
	}
	return nil
}

func (b Binding) validateDryRun(at Point) error {
	if b.Policy == "" || !at.Decides() {
		return invalid(CodeInvalidBinding, "/dry_run", "leave it out", "a policy is tried beside a policy that decides, and beside nothing else")
	}
	if err := secretstore.CheckName(b.DryRun); err != nil {
		return invalid(CodeInvalidBinding, "/dry_run", "", "%s", err)
	}
	return nil
}

// Accepts checks that a policy of a type may answer at a point. The error is an
// [*InvalidError].
func (b Binding) Accepts(at Point, t Type) error {
	if at.Accepts(t) {
		return nil
	}
	return invalid(CodeInvalidBinding, "/policy", "bind a policy of type "+string(points[at])+" or api",
		"a policy of type %s cannot answer at %s", t, at)
}

func printable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return utf8.ValidString(s)
}
