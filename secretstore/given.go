package secretstore

import (
	"github.com/reticent/reticent/secretstore/seal"
)

// Given is a new value of a secret as a request gives it: as text or structure, as
// base64, or as an order to make one. A request has exactly one of them.
type Given struct {
	Value       *Value       `json:"value"`
	ValueBase64 *Base64Value `json:"value_base64"`
	Generate    *Generate    `json:"generate"`
}

// none reports whether there is no value.
func (g Given) none() bool { return g.Value == nil && g.ValueBase64 == nil && g.Generate == nil }

// version is a version to be added.
type version struct {
	value     Value
	encoding  Encoding
	publicKey string
	limits    limits
	longWeak  []string // see versionRecord
	computed

	// same is the fingerprint of the version that has this value already, where who
	// writes may know.
	same string
}

// version makes a version of what a principal gives for a secret. Judging a value
// takes its time, as making one does, and is no part of a transaction. encoding
// is the one that the request asks for, "" for what the secret has.
func (s *Store) version(by Principal, scope Scope, name string, g Given, encoding Encoding) (version, error) {
	made, err := g.make()
	if err != nil {
		return version{}, err
	}
	switch x := s.state.Load().secrets[scope][name]; {
	case made.encoding != "" && encoding != "" && encoding != made.encoding:
		return version{}, fail(ErrInvalid, "generate: what the kind %s makes has the encoding %s", g.Generate.Kind, made.encoding)
	case encoding != "":
		made.encoding = encoding
	case made.encoding != "":
	case x != nil:
		made.encoding = x.record.Encoding
	default:
		made.encoding = Generic
	}
	if err := made.value.check(); err != nil {
		return version{}, err
	}
	v, err := judged(made.value, seal.ByValue)
	if err != nil {
		return version{}, err
	}
	if err := made.encoding.check(made.value); err != nil {
		return version{}, err
	}
	v.encoding, v.publicKey = made.encoding, made.publicKey
	v.same = s.sameAs(by, scope, name, made.value)
	return v, nil
}

func (g Given) make() (generated, error) {
	switch {
	case g.none():
		return generated{}, fail(ErrInvalid, "value is missing: a secret is written with its value, or with generate")
	case g.Value != nil && g.ValueBase64 == nil && g.Generate == nil:
		return generated{value: *g.Value}, nil
	case g.ValueBase64 != nil && g.Value == nil && g.Generate == nil:
		return generated{value: g.ValueBase64.Value}, nil
	case g.Generate != nil && g.Value == nil && g.ValueBase64 == nil:
		return g.Generate.make()
	}
	return generated{}, fail(ErrInvalid, "give one of value, value_base64 and generate")
}

func judged(value Value, weak seal.Judge) (version, error) {
	tree, err := value.tree(nil, weak)
	if err != nil {
		return version{}, err
	}
	return version{value: value, encoding: Generic, longWeak: tree.LongWeak()}, nil
}

// sameAs gives the fingerprint of the newest version of a secret if that has the
// value already and the principal may know: one who may use the secret, and
// could compare with it. For a weak secret it counts as a guess, and past the
// limit nobody is told; nor is anybody else, whose value becomes a version.
func (s *Store) sameAs(by Principal, scope Scope, name string, value Value) string {
	x := s.state.Load().secrets[scope][name]
	if x == nil || !s.state.Load().mayUse(by, x) {
		return ""
	}
	newest := x.record.newest()
	has, err := x.value(s, newest)
	if err != nil || has.structured != value.structured {
		return ""
	}
	opened := x.open(s, newest)
	if opened == nil || !s.guard.Same(by.ID, opened, has.Value, value.Value) {
		return ""
	}
	return newest.Fingerprint
}
