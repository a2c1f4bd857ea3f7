package secretstore

import (
	"fmt"

	"github.com/reticent/reticent/secretstore/seal"
)

// FixtureSet makes a sealing set of values that stand for secrets where there is
// no store: tests of policies on the machine of their author. names are those that
// the artefact refers to; one without a value is missing. The secrets may go
// nowhere. An error tells nothing of a value.
func FixtureSet(values map[string]Value, names []string) (*seal.Set, error) {
	secrets := make(map[string]*seal.Secret)
	var missing []string
	for _, name := range names {
		v, ok := values[name]
		if !ok {
			missing = append(missing, name)
			continue
		}
		if err := v.check(); err != nil {
			return nil, fmt.Errorf("secret %s: %w", name, err)
		}
		tree, err := v.tree(nil, seal.ByValue)
		if err != nil {
			return nil, fmt.Errorf("secret %s: %w", name, err)
		}
		secrets[name] = &seal.Secret{ID: "fixture/" + name, Name: name, Value: tree}
	}
	return seal.NewSet(secrets, missing), nil
}
