package policy

import (
	"context"
	"io"

	"github.com/reticent/reticent/secretstore/seal"
)

// Compiled is a policy that has been checked, of either engine. It is immutable
// and knows no value of a secret.
type Compiled interface {
	// Secrets gives the names of the secrets that the policy refers to, in order.
	Secrets() []string
	// Bind draws surrogates for those secrets, which set must hold; random is nil
	// but in tests. A secret that is missing is no error: every evaluation of the
	// Bound denies with secret_unavailable.
	Bind(ctx context.Context, set *seal.Set, random io.Reader) (*Bound, error)
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
