package access

import (
	"slices"
	"strings"
)

// Resource is what somebody wants to do something to.
type Resource struct {
	Kind Kind
	// Scope is the path of its scope, "" for the platform.
	Scope string
	Name  string
	// Tags are a secret's.
	Tags map[string]string
	// Any asks about some resource of the kind in the scope, whatever its name and
	// tags: whether there is anything to list, say.
	Any bool
}

// Rule is a grant with its place.
type Rule struct {
	Scope string
	Grant
}

// Index has all rules, by subject. It is immutable.
type Index struct {
	rules    map[string][]Rule
	memberOf map[string][]string
	tags     map[string]bool
}

// NewIndex makes an index of grants and of groups by name.
func NewIndex(rules []Rule, groups map[string]Group) *Index {
	x := &Index{rules: make(map[string][]Rule), memberOf: make(map[string][]string), tags: make(map[string]bool)}
	for _, r := range rules {
		x.rules[r.Subject] = append(x.rules[r.Subject], r)
		if r.Tag != "" {
			x.tags[r.Tag] = true
		}
	}
	for name, g := range groups {
		for _, m := range g.Members {
			x.memberOf[m] = append(x.memberOf[m], "group:"+name)
		}
	}
	return x
}

// Permits reports whether one who has these subjects (an ID, and the groups that
// an issuer says) has a permission on a resource.
func (x *Index) Permits(subjects []string, p Permission, r Resource) bool {
	for _, s := range subjects {
		if x.given(s, p, r) {
			return true
		}
		for _, g := range x.memberOf[s] {
			if x.given(g, p, r) {
				return true
			}
		}
	}
	return false
}

// Member reports whether one who has these subjects is in any of some groups.
func (x *Index) Member(subjects, groups []string) bool {
	return slices.ContainsFunc(subjects, func(s string) bool {
		return slices.Contains(groups, s) || slices.ContainsFunc(x.memberOf[s], func(g string) bool { return slices.Contains(groups, g) })
	})
}

func (x *Index) given(subject string, p Permission, r Resource) bool {
	return slices.ContainsFunc(x.rules[subject], func(rule Rule) bool { return rule.permits(p, r) })
}

// Decisive reports whether a grant goes by a tag, so that putting it on a secret
// is giving permissions.
func (x *Index) Decisive(tag string) bool { return x.tags[tag] }

// Names reports whether a grant is for a subject.
func (x *Index) Names(subject string) bool { return len(x.rules[subject]) > 0 }

func (g Rule) permits(p Permission, r Resource) bool {
	if !Within(r.Scope, g.Scope) {
		return false
	}
	if g.Role != "" {
		return g.Role.Permits(p, r.Kind)
	}
	kinds := g.Kinds
	if len(kinds) == 0 {
		kinds = Granted
	}
	if !slices.Contains(g.Permissions, p) || !slices.Contains(kinds, r.Kind) {
		return false
	}
	if r.Any {
		return g.Tag == "" || r.Kind == "secret"
	}
	if g.Names != "" && !matches(g.Names, r.Name) {
		return false
	}
	if g.Tag == "" {
		return true
	}
	key, value, _ := strings.Cut(g.Tag, ":")
	has, ok := r.Tags[key]
	return ok && has == value
}

// Within reports whether a scope is another or below it.
func Within(scope, outer string) bool {
	return outer == "" || scope == outer || strings.HasPrefix(scope, outer+"/")
}
