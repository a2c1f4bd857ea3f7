package rego

import (
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/reticent/reticent/secretstore/seal"
)

// sealModules seals the strings that a policy has in its text, names of rules and
// documents too, so that a value which equals a strong secret has one form
// everywhere. It gives the modules themselves if there is none. Names that come
// from elsewhere can't be sealed; one that would have to be is an error.
func sealModules(r *seal.Run, modules map[string]*ast.Module) (map[string]*ast.Module, error) {
	s := &literals{run: r}
	out := make(map[string]*ast.Module, len(modules))
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		m := modules[name].Copy()
		if err := s.names(m); err != nil {
			return nil, err
		}
		for _, rule := range m.Rules {
			if err := transformRule(rule, s.seal); err != nil {
				return nil, err
			}
		}
		out[name] = m
	}
	if !s.changed {
		return modules, nil
	}
	return out, nil
}

type literals struct {
	run     *seal.Run
	changed bool
}

func (s *literals) seal(v ast.Value) (ast.Value, error) {
	x, ok := v.(ast.String)
	if !ok {
		return v, nil
	}
	sealed, err := s.run.SealString(string(x))
	if sealed != string(x) {
		s.changed = true
	}
	return ast.String(sealed), err
}

// names refuses a package, an import or a builtin with the value of a secret in
// its name.
func (s *literals) names(m *ast.Module) error {
	var fixed []string
	refs := []ast.Ref{m.Package.Path}
	for _, i := range m.Imports {
		if ref, ok := i.Path.Value.(ast.Ref); ok {
			refs = append(refs, ref)
		}
	}
	for _, ref := range refs {
		for _, t := range ref {
			if name, ok := t.Value.(ast.String); ok {
				fixed = append(fixed, string(name))
			}
		}
	}
	for _, b := range capabilities().Builtins {
		fixed = append(fixed, strings.Split(b.Name, ".")...)
	}
	for _, name := range fixed {
		if sealed, err := s.run.SealString(name); err != nil || sealed != name {
			return seal.Errorf(codeNameIsSecret, "a name in the policy has the value of one of its secrets; rename it")
		}
	}
	return nil
}

// sealKeys checks that no key of a structured secret has the value of a strong
// secret.
func sealKeys(r *seal.Run, v any) error {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if err := sealKeys(r, e); err != nil {
				return err
			}
		}
	case map[string]any:
		for k, e := range v {
			if sealed, err := r.SealString(k); err != nil || sealed != k {
				return seal.Errorf(codeNameIsSecret, "a field of a structured secret has the value of a secret as its name; rename it")
			}
			if err := sealKeys(r, e); err != nil {
				return err
			}
		}
	}
	return nil
}
