package script

import (
	"maps"
	"slices"

	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/key"
	"github.com/reticent/reticent/secretstore/seal"
)

// Key is a key of context.keys for one run, or why the script cannot have it.
type Key struct {
	*key.Sealed
	Refused *seal.Error
}

// namedKey is a key that a part of a script names, and the author of that.
type namedKey struct {
	name   string
	author secretstore.Principal
}

// namedKeys are those of a script and of its modules.
func namedKeys(author secretstore.Principal, names []string, modules []Module) []namedKey {
	var out []namedKey
	for _, name := range names {
		out = append(out, namedKey{name, author})
	}
	for _, m := range modules {
		for _, name := range m.keys {
			out = append(out, namedKey{name, m.author}, namedKey{name, author})
		}
	}
	return out
}

// keys looks up the keys that the parts of a script name, from where it is stored.
// Each stands on the permissions of all who wrote a part that names it, and of whoever
// stored the script.
func (s *Service) keys(scope secretstore.Scope, named []namedKey) map[string]Key {
	if s.Keys == nil || len(named) == 0 {
		return nil
	}
	out := make(map[string]Key, len(named))
	for _, k := range named {
		if out[k.name].Refused != nil {
			continue
		}
		found, err := s.Keys.Sealed(k.author, scope, k.name)
		if err != nil {
			out[k.name] = Key{Refused: key.Refused(k.name, err)}
			continue
		}
		out[k.name] = Key{Sealed: found}
	}
	return out
}

// forbidden says which of the keys may not be used by who names it.
func forbidden(keys map[string]Key) error {
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		if r := keys[name].Refused; r != nil && r.Code == key.CodeForbidden {
			return &secretstore.Failure{Class: secretstore.ErrForbidden, Message: "you may not use key " + name + ", which the script names"}
		}
	}
	return nil
}

// jobKeys describes the keys of a run to its worker.
func (r *Run) jobKeys() map[string]host.Key {
	if len(r.Keys) == 0 {
		return nil
	}
	out := make(map[string]host.Key, len(r.Keys))
	for name, k := range r.Keys {
		if k.Refused != nil {
			out[name] = host.Key{Refused: k.Refused}
			continue
		}
		out[name] = host.Key{Algorithms: k.Algorithms(), KeyID: k.KeyID()}
	}
	return out
}

// UseKey operates with a key that the script names.
func (s *session) UseKey(u host.KeyUse) (text string, ok bool, err error) {
	if err := s.count(); err != nil {
		return "", false, err
	}
	k := s.run.Keys[u.Key]
	if k.Sealed == nil {
		return "", false, seal.Errorf(host.CodeNotNamed, "the script has no such key")
	}
	run := s.run.Seal
	switch u.Do {
	case host.KeySign:
		text, err = k.Sign(run, u.Algorithm, string(u.Text))
	case host.KeyVerify:
		ok, err = k.Verify(run, u.KeyID, u.Algorithm, string(u.Text), string(u.Signature))
	case host.KeyEncrypt:
		text, err = k.Encrypt(run, string(u.Text), u.Type)
	case host.KeyDecrypt:
		text, err = k.Decrypt(run, string(u.Text))
	default:
		err = seal.Errorf(host.CodeNotNamed, "a key does no such thing")
	}
	return text, ok, err
}
