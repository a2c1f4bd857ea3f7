package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/reticent/reticent/policy/rego"
	"github.com/reticent/reticent/secretstore"
)

// view is what a scope sees of the documents of its Rego policies, as OPA has
// them: below one data. It is immutable.
type view struct {
	// roots are the paths of packages and of members of data, in order, and at has
	// the policies that have one: of the nearest scope that has it.
	roots [][]string
	at    map[string][]*bound
}

// joined makes a key of a path: no name has a zero byte in it that means anything.
func joined(path []string) string { return strings.Join(path, "\x00") }

// documents gives the view of a scope.
func (s *snapshot) documents(scope secretstore.Scope) *view {
	if v, ok := s.views.Load(scope); ok {
		return v.(*view)
	}
	v := &view{at: make(map[string][]*bound)}
	nearer := make(map[string]bool) // the names of policies of nearer scopes
	for _, at := range scope.Chain() {
		here := make(map[string]*bound)
		for where, b := range s.policies {
			if where.scope == at && !nearer[where.name] {
				here[where.name] = b
			}
		}
		v.add(here)
		for name := range here {
			nearer[name] = true
		}
	}
	slices.SortFunc(v.roots, slices.Compare)
	made, _ := s.views.LoadOrStore(scope, v)
	return made.(*view)
}

// add adds the policies of a scope, where no nearer scope has something of the
// path.
func (v *view) add(policies map[string]*bound) {
	own := make(map[string][]*bound)
	for _, name := range slices.Sorted(maps.Keys(policies)) {
		program, ok := policies[name].compiled.(regoProgram)
		if !ok {
			continue
		}
		for _, root := range program.Roots() {
			key := joined(root)
			if v.at[key] == nil && own[key] == nil {
				v.roots = append(v.roots, root)
			}
			own[key] = append(own[key], policies[name])
		}
	}
	for key, policies := range own {
		if v.at[key] == nil {
			v.at[key] = policies
		}
	}
}

// owners gives the policies that have a path: those of the longest package, or
// member of data, that it begins with.
func (v *view) owners(path []string) []*bound {
	for n := len(path); n > 0; n-- {
		if found := v.at[joined(path[:n])]; found != nil {
			return found
		}
	}
	return nil
}

// Codes of problems of OPA's API.
const (
	// CodeAmbiguous: several policies of one scope have the same package.
	CodeAmbiguous = "ambiguous_package"
	// CodeSeveral: a query is about documents of several policies.
	CodeSeveral = "several_policies"
	// CodeConflict: documents of two policies, or rules of one, have the same path.
	CodeConflict = "policy_conflict"
	// CodeQuery: a query does not compile.
	CodeQuery = "invalid_query"
)

// one gives the policy that has a path, nil if none does.
func (v *view) one(path []string) (*bound, error) {
	owners := v.owners(path)
	switch len(owners) {
	case 0:
		return nil, nil
	case 1:
		return owners[0], nil
	}
	return nil, ambiguous(owners)
}

func ambiguous(owners []*bound) error {
	return &Problem{Code: CodeAmbiguous, Message: "the policies " + owners[0].doc.Name + " and " + owners[1].doc.Name +
		" have a package or data of this path; give each its own, or ask one of them by its name under /v1/policies"}
}

// piece is a document of one policy.
type piece struct {
	of   *bound
	path []string
}

// pieces are the documents that make the one at a path: of the policy that has
// it, and of those that have something below it, the shorter paths first.
func (v *view) pieces(path []string) ([]piece, error) {
	var out []piece
	add := func(b *bound, path []string) {
		for i := len(out) - 1; i >= 0; i-- {
			if within(path, out[i].path) {
				if out[i].of == b {
					return // a part of that
				}
				break
			}
		}
		out = append(out, piece{b, path})
	}
	one, err := v.one(path)
	if err != nil {
		return nil, err
	}
	if one != nil {
		add(one, path)
	}
	for _, root := range v.roots {
		if len(root) > len(path) && within(root, path) {
			b, err := v.one(root)
			if err != nil {
				return nil, err
			}
			add(b, root)
		}
	}
	return out, nil
}

// within reports whether a path begins with another.
func within(path, start []string) bool {
	return len(path) >= len(start) && slices.Equal(path[:len(start)], start)
}

// queried gives the policy that a query is about, nil if it is about none.
func (v *view) queried(query string) (*bound, error) {
	paths, err := rego.QueryPaths(query)
	if err != nil {
		return nil, queryProblem(err)
	}
	var found *bound
	for _, path := range paths {
		pieces, err := v.pieces(path)
		if err != nil {
			return nil, err
		}
		for _, p := range pieces {
			if found != nil && p.of != found {
				return nil, &Problem{Code: CodeSeveral, Message: "the query is about documents of the policies " + found.doc.Name + " and " + p.of.doc.Name + "; ask about one at a time"}
			}
			found = p.of
		}
	}
	return found, nil
}
