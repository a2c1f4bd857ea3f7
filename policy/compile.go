package policy

import (
	"context"

	"github.com/reticent/reticent/policy/validator"
)

// Environment is what a policy is bound to.
type Environment = validator.Environment

// Embedding is a policy that another embeds.
type Embedding = validator.Embedding

// Compiled is a policy that has been checked, of either engine. It is immutable
// and knows no value of a secret.
type Compiled interface {
	// Secrets gives the names of the secrets that the policy refers to, in order.
	Secrets() []string
	// Variables gives the names of the variables that the policy refers to.
	Variables() []string
	// Embedded gives the policies that the policy embeds.
	Embedded() []Embedding
	// Bind draws surrogates for those secrets and looks the rest up. What env lacks
	// is no error: every evaluation of the Bound denies and says so.
	Bind(ctx context.Context, env Environment) (*Bound, error)
}

// Compile validates and compiles a policy. The error is an [*InvalidError] that
// has everything the engine found.
func (d Document) Compile() (Compiled, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	if d.Language == Rego {
		return compileRego(d)
	}
	return compileValidators(d)
}
