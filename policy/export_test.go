package policy

import (
	"context"
	"encoding/json"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/secretstore/seal"
)

// Panicking gives a policy whose engine panics with a value.
func Panicking(value any) *Bound { return &Bound{panicking{value}} }

type panicking struct{ value any }

func (p panicking) decide(context.Context, json.RawMessage, seal.Options) Decision { panic(p.value) }

func (p panicking) batch(seal.Options) func(context.Context, []*jsonvalue.Part) Decision {
	return func(context.Context, []*jsonvalue.Part) Decision { panic(p.value) }
}
