package secretstore

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/kv"
	"github.com/reticent/reticent/secretstore/seal"
)

// SetSecret stores what a script computed, as context.secrets.set does: a string,
// or an object or array, with surrogates resolved. What comes from secrets
// keeps them as its derived_from and may go no further than all of them: a copy
// is no way around a limit. A value that no secret went into may go nowhere
// until somebody who knows it says otherwise; on a secret that exists it gets
// the limits that the secret has, within those of its sources.
func (s *Store) SetSecret(ctx context.Context, by Principal, run *seal.Run, scope Scope, name string, sealed any) error {
	if err := s.authorize(by, "secret.set", scope, name); err != nil {
		return err
	}
	if err := CheckName(name); err != nil {
		return err
	}
	value, err := resolveValue(run, sealed)
	if err != nil {
		return err
	}
	from, weak := provenance(run, sealed)
	var how computed
	if from.Sealed {
		how = computed{DerivedFrom: from.From, Encoded: from.Encoded}
		if how.Bound, err = bound(run, sealed); err != nil {
			return err
		}
	} else if err := value.check(); err != nil {
		return err
	}
	made, err := judged(value, weak)
	if err != nil {
		return err
	}
	made.computed = how
	return s.write(ctx, act{by, "secret.set", scope, name}, func(tx kv.WriteTx) error {
		if err := scopeExists(tx, scope); err != nil {
			return err
		}
		r, name, err := getAliased(tx, scope, name)
		v := made
		v.limits = limits{UseInPlaceholders: true}
		switch {
		case errors.Is(err, ErrNotFound):
			if r, err = s.newSecret(tx, scope, name, Generic); err != nil {
				return err
			}
			if from.Sealed {
				v.limits = limitsOf(from.Limits, v.limits)
			}
		case err != nil:
			return err
		default:
			if v.encoding, err = settable(r, made); err != nil {
				return err
			}
			v.limits = r.newest().Limits
			if from.Sealed {
				// Fields of a computed value are secrets, whatever the old value's were.
				v.limits.Plain, v.limits.Release = nil, false
				if v.limits, err = v.limits.intersect(limitsOf(from.Limits, limits{UseInPlaceholders: true})); err != nil {
					return err
				}
			}
		}
		// The name may be another than the one asked for: see alias.
		if err := s.authorizeWrite(by, KindSecret, scope, name, len(r.Versions) == 0); err != nil {
			return err
		}
		if _, err := s.addVersion(tx, scope, name, r, v); err != nil {
			return err
		}
		_, err = s.saveSecret(tx, scope, name, r)
		return err
	})
}

// bound says how large a value counts as that secrets are in. Whether the value
// itself were too large would tell their lengths, and those of their encodings. In
// a structure everything counts twice, since quotes are escaped when it is stored.
func bound(run *seal.Run, sealed any) (int, error) {
	var n int
	if text, ok := sealed.(string); ok {
		n = run.Bound(text)
	} else {
		text, err := marshal(sealed)
		if err != nil {
			return 0, err
		}
		n = 2 * run.Bound(string(text))
	}
	if n > MaxComputedBytes {
		return 0, fail(ErrTooLarge, "a value that a script computes from secrets may have %d bytes (MaxComputedBytes), and each secret in it counts as %d or more", MaxComputedBytes, MaxValueBytes)
	}
	return n, nil
}

// getAliased gets a secret by one of the names that mean it in a scope, and that
// name; the given one if there is no such secret.
func getAliased(tx kv.Tx, scope Scope, name string) (*secretRecord, string, error) {
	for _, stored := range lookup(name) {
		r, err := getSecret(tx, scope, stored)
		if !errors.Is(err, ErrNotFound) {
			return r, stored, err
		}
	}
	return nil, name, noSecret(scope, name)
}

// settable gives the encoding of a secret to which a script sets a value. Whether
// what it computed from secrets is a key would tell of them, as a parser does.
func settable(r *secretRecord, made version) (Encoding, error) {
	if r.Encoding == Generic {
		return Generic, nil
	}
	if made.is() {
		return "", fail(ErrInvalid, "a secret of the encoding %s takes no value that was computed from secrets", r.Encoding)
	}
	return r.Encoding, r.Encoding.check(made.value)
}

// resolveValue makes a value of what an engine computed.
func resolveValue(run *seal.Run, sealed any) (Value, error) {
	switch sealed := sealed.(type) {
	case string:
		v, err := run.Resolve(sealed)
		return Value{Value: v}, err
	case map[string]any, []any:
		opened, err := resolveDeep(run, sealed)
		if err != nil {
			return Value{}, err
		}
		raw, err := marshal(opened)
		if err != nil {
			return Value{}, err
		}
		return Value{Value: plaintext.New(raw), structured: true}, nil
	}
	return Value{}, fail(ErrInvalid, "a value is a string, or an object or array whose strings are secret")
}

func resolveDeep(run *seal.Run, v any) (any, error) {
	switch v := v.(type) {
	case string:
		opened, err := run.Resolve(v)
		return string(plaintext.Open(opened)), err
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			opened, err := resolveDeep(run, e)
			if err != nil {
				return nil, err
			}
			out[i] = opened
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			if run.Holds(k) {
				return nil, seal.Errorf(seal.CodeInspected, "a secret cannot be a key; use it as a value")
			}
			opened, err := resolveDeep(run, e)
			if err != nil {
				return nil, err
			}
			out[k] = opened
		}
		return out, nil
	}
	return v, nil
}

// provenance says what a sealed value comes from, and judges its strings: what
// is computed from a secret as the secret is (see [seal.Provenance]).
func provenance(run *seal.Run, sealed any) (seal.Provenance, seal.Judge) {
	var all strings.Builder
	computed := make(map[string]bool)
	eachString(sealed, "", func(pointer jsontext.Pointer, s string) {
		if run.Holds(s) {
			computed[string(pointer)] = run.Provenance(s).Weak
			all.WriteString(s + " ")
		}
	})
	return run.Provenance(all.String()), func(pointer string, v plaintext.Value) bool {
		if weak, ok := computed[pointer]; ok {
			return weak
		}
		return seal.ByValue(pointer, v)
	}
}

// eachString calls fn for each string of a value, with its JSON pointer.
func eachString(v any, pointer jsontext.Pointer, fn func(jsontext.Pointer, string)) {
	switch v := v.(type) {
	case string:
		fn(pointer, v)
	case []any:
		for i, e := range v {
			eachString(e, pointer.AppendToken(strconv.Itoa(i)), fn)
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			eachString(v[k], pointer.AppendToken(k), fn)
		}
	}
}
