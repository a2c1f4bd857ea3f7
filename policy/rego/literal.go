package rego

import (
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/reticent/reticent/secretstore/seal"
)

// sealModules seals the strings that a policy has in its text, so that a value
// which equals a strong secret has one form everywhere. It gives the modules
// themselves if there is none. Names (of rules, of documents) can't be sealed;
// one that would have to be is an error.
func sealModules(r *seal.Run, modules map[string]*ast.Module) (map[string]*ast.Module, error) {
	s := &literals{run: r}
	out := make(map[string]*ast.Module, len(modules))
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		m := modules[name].Copy()
		for i, rule := range m.Rules {
			sealed, err := ast.Transform(ast.NewGenericTransformer(s.transform), rule)
			if err != nil {
				return nil, err
			}
			m.Rules[i] = sealed.(*ast.Rule)
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

func (s *literals) transform(x any) (any, error) {
	switch x := x.(type) {
	case ast.Ref:
		return s.ref(x)
	case ast.String:
		return s.seal(x)
	case *ast.TemplateString:
		// Transform leaves the text of template strings alone.
		for _, part := range x.Parts {
			if t, ok := part.(*ast.Term); ok {
				if text, ok := t.Value.(ast.String); ok {
					sealed, err := s.seal(text)
					if err != nil {
						return nil, err
					}
					t.Value = sealed
				}
			}
		}
	}
	return x, nil
}

func (s *literals) seal(x ast.String) (ast.String, error) {
	sealed, err := s.run.SealString(string(x))
	if sealed != string(x) {
		s.changed = true
	}
	return ast.String(sealed), err
}

// ref checks that the names in a reference stay as they are. Below input they are
// keys, and sealed like those of an input.
func (s *literals) ref(ref ast.Ref) (ast.Ref, error) {
	if ref[0].Equal(ast.InputRootDocument) {
		return ref, nil
	}
	for _, t := range ref {
		if name, ok := t.Value.(ast.String); ok {
			if sealed, err := s.run.SealString(string(name)); err != nil || sealed != string(name) {
				return nil, seal.Errorf(codeNameIsSecret, "a name in the policy has the value of one of its secrets; rename it")
			}
		}
	}
	return ref, nil
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
