// Package sealtest makes sealing sets for tests of engines, without a store.
package sealtest

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/seal"
)

// Secret is a secret of a test with what a real one's metadata would say.
type Secret struct {
	// Value is a string, or what encoding/json can marshal to an object or array.
	Value   any
	Hosts   []string        // allowed_hosts
	In      []seal.Position // allowed_in
	Release bool
	Base64  bool     // encoding is base64hmac or base64aes
	Plain   []string // JSON pointers of fields that are not secret
}

// Set makes a set of secrets by name; a value that is not a [Secret] stands for
// one that may go nowhere. A nil value stands for a secret that is missing.
func Set(tb testing.TB, values map[string]any) *seal.Set {
	tb.Helper()
	secrets := make(map[string]*seal.Secret)
	var missing []string
	for name, v := range values {
		if v == nil {
			missing = append(missing, name)
			continue
		}
		s, ok := v.(Secret)
		if !ok {
			s = Secret{Value: v}
		}
		secrets[name] = build(tb, name, s)
	}
	return seal.NewSet(secrets, missing)
}

// New makes one secret, for Options.Hosts.
func New(tb testing.TB, name string, s Secret) *seal.Secret {
	tb.Helper()
	return build(tb, name, s)
}

func build(tb testing.TB, name string, s Secret) *seal.Secret {
	tb.Helper()
	out := &seal.Secret{ID: "test/" + name, Name: name, Release: s.Release, Base64: s.Base64, Limits: seal.Limits{In: s.In}}
	for _, h := range s.Hosts {
		rule, err := seal.ParseHostRule(h)
		if err != nil {
			tb.Fatal(err)
		}
		out.Limits.Hosts = append(out.Limits.Hosts, rule)
	}
	if text, ok := s.Value.(string); ok {
		out.Value = seal.StringTree(plaintext.FromString(text), seal.ByValue)
		return out
	}
	b, err := json.Marshal(s.Value)
	if err != nil {
		tb.Fatal(err)
	}
	if out.Value, err = seal.ParseTree(plaintext.New(b), s.Plain, seal.ByValue); err != nil {
		tb.Fatal(err)
	}
	return out
}

// Random is a source of surrogates that is the same for the same seed.
func Random(seed byte) io.Reader {
	var key [32]byte
	key[0] = seed
	return rand.NewChaCha8(key)
}
