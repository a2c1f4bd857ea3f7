package placeholder

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/seal"
)

// Resolver resolves the references of one document in one run.
type Resolver struct {
	// Run has the secrets that [References] found, as its sealing set.
	Run *seal.Run
	// Variables are those that the document's scope sees, by name, as encoding/json
	// gives them.
	Variables map[string]any
	// Exists reports whether the scope sees a secret of a name, one that may not be
	// used too: then no default takes its place.
	Exists func(name string) bool
	// Managed gives the secret of a manager, by "manager/name", sealed in Run; nil means
	// that there are no managers.
	Managed func(name string) (any, error)
}

// Resolve gives a copy of a JSON value, as encoding/json gives it, with values for
// references: surrogates of the run for secrets. It fails if any reference means
// nothing, and its error has the JSON pointer and the name of that.
func (r Resolver) Resolve(v any) (any, error) { return r.resolve(v, "") }

func (r Resolver) resolve(v any, at string) (any, error) {
	switch v := v.(type) {
	case string:
		out, err := r.text(v)
		if err != nil {
			return nil, located(at, err)
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			var err error
			if out[i], err = r.resolve(e, at+"/"+strconv.Itoa(i)); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			resolved, err := r.resolve(v[k], at+"/"+pointerToken(k))
			if err != nil {
				return nil, err
			}
			if coerce := types[k]; coerce != nil && len(v) == 1 {
				typed, err := coerce(r.Run, resolved)
				if err != nil {
					return nil, located(at+"/"+pointerToken(k), err)
				}
				return typed, nil
			}
			out[k] = resolved
		}
		return out, nil
	}
	return v, nil
}

// text resolves a string.
func (r Resolver) text(s string) (any, error) {
	t, err := Parse(s)
	if err != nil {
		return nil, err
	}
	if len(t) == 1 && t[0].Reference != nil {
		return r.reference(*t[0].Reference)
	}
	var b strings.Builder
	for _, p := range t {
		if p.Reference == nil {
			b.WriteString(p.Text)
			continue
		}
		v, err := r.reference(*p.Reference)
		if err != nil {
			return nil, err
		}
		switch v := v.(type) {
		case string:
			b.WriteString(v)
		case bool, float64, json.Number:
			text, err := json.Marshal(v)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.Reference.name(), err)
			}
			b.Write(text)
		default:
			return nil, fmt.Errorf("%s: an object, an array or null is no part of a string; let the reference be the whole of it, or name a member", p.Reference.name())
		}
	}
	return b.String(), nil
}

func (r Resolver) reference(ref Reference) (any, error) {
	switch ref.Form {
	case Secret, WorkflowSecret:
		v, err := r.Run.Lookup(ref.Name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", ref.name(), err)
		}
		return ref.member(v)
	case Variable, WorkflowEnv:
		v, ok := r.Variables[ref.Name]
		if !ok {
			return nil, fmt.Errorf("%s: there is no such variable", ref.name())
		}
		return ref.member(v)
	case Managed:
		if r.Managed == nil {
			return nil, fmt.Errorf("%s: there is no such manager", ref.name())
		}
		v, err := r.Managed(ref.Name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", ref.name(), err)
		}
		return v, nil
	}
	name := secretstore.Name(ref.Name)
	if v, ok := r.Variables[name]; ok {
		return v, nil
	}
	v, err := r.Run.Lookup(name)
	switch {
	case err == nil:
		return v, nil
	case r.Exists != nil && r.Exists(name):
		return nil, fmt.Errorf("%s: %w", ref.name(), err)
	case ref.Default != nil:
		return *ref.Default, nil
	}
	return nil, fmt.Errorf("%s: there is no such variable and no such secret, and no default", ref.name())
}

// member goes into a value along the path.
func (r Reference) member(v any) (any, error) {
	for _, step := range r.Path {
		var ok bool
		switch in := v.(type) {
		case map[string]any:
			v, ok = in[step]
		case []any:
			i, err := strconv.Atoi(step)
			if ok = err == nil && i >= 0 && i < len(in) && strconv.Itoa(i) == step; ok {
				v = in[i]
			}
		}
		if !ok {
			return nil, fmt.Errorf("%s: there is no such member", r.name())
		}
	}
	return v, nil
}

// errSealed is of a type that would have to look into a secret.
var errSealed = errors.New("a secret is no number, no bool and no structure, and is not decoded: nothing here may look inside it; store it as a structure, or use $string or $base64:encode")
