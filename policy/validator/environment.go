package validator

import (
	"context"
	"io"
	"time"

	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/seal"
)

// Environment is what a program is bound to. The zero Environment has no
// secrets, no variables and no other policies.
type Environment struct {
	// Secrets must hold what [Program.Secrets] names.
	Secrets *seal.Set
	// Random draws surrogates; nil means crypto/rand. Only tests fix it.
	Random io.Reader
	// Variable gives the value of a variable, as package jsonvalue decodes it.
	// It is asked while a program is bound, never during an evaluation.
	Variable func(name string) (any, bool)
	// Embedded evaluates the policy that a document embeds by name. It is asked
	// during evaluations. depth is how many policies embed it, one in another.
	Embedded func(ctx context.Context, name string, input any, o seal.Options, depth int) Result
	// KeySet gives the keys that were last fetched from a URL. It is asked while
	// a program is bound, and what it gives is asked during evaluations.
	KeySet func(url string) KeySource
	// Egress sends what a Rego policy asks for. Validators send nothing.
	Egress *egress.Client
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}
