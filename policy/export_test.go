package policy

import (
	"context"
	"encoding/json"

	"github.com/reticent/reticent/secretstore/seal"
)

// Panicking gives a policy whose engine panics with a value.
func Panicking(value any) *Bound { return &Bound{panicking{value}} }

type panicking struct{ value any }

func (p panicking) decide(context.Context, json.RawMessage, seal.Options) Decision { panic(p.value) }
