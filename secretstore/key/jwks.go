package key

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/reticent/reticent/secretstore"
)

// Set is a JSON Web Key Set (RFC 7517 section 5).
type Set struct {
	Keys []json.RawMessage `json:"keys"`
}

// Set gives the public halves of all enabled versions of the keys that a scope
// sees, in the order of their kids. There is nothing in it that is not public, and
// no symmetric key. A scope that does not exist has an empty one, so that nobody
// learns which do.
func (s *Service) Set(scope secretstore.Scope) (Set, error) {
	public := make(map[string]json.RawMessage)
	for _, doc := range s.Store.Visible(secretstore.KindKey, scope) {
		r, err := s.ring(doc)
		if err != nil {
			continue // a key without a secret has no public half
		}
		for _, v := range r.versions {
			if v.problem != "" || v.key.Public() == nil {
				continue
			}
			if public[v.kid], err = r.jwk(v); err != nil {
				return Set{}, err
			}
		}
	}
	out := Set{Keys: []json.RawMessage{}}
	for _, kid := range slices.Sorted(maps.Keys(public)) {
		out.Keys = append(out.Keys, public[kid])
	}
	return out, nil
}

// jwk gives the public half of a version, with its algorithm if there is but one.
func (r *ring) jwk(v *version) (json.RawMessage, error) {
	k, err := jwk.Import(v.key.Public())
	if err != nil {
		return nil, fmt.Errorf("public half of a key: %w", err)
	}
	set := map[string]any{jwk.KeyIDKey: v.kid, jwk.KeyUsageKey: string(r.Use)}
	if len(v.algorithms) == 1 {
		set[jwk.AlgorithmKey] = v.algorithms[0]
	}
	for name, value := range set {
		if err := k.Set(name, value); err != nil {
			return nil, fmt.Errorf("public half of a key: %w", err)
		}
	}
	return json.Marshal(k)
}
