package validator

import "github.com/reticent/reticent/policy/jsonvalue"

// dynamicScopes is where an input has the grants of dynamic scopes, by the
// scope's name such as `users.*`.
var dynamicScopes = path{newSegment("contexts"), newSegment("scopes")}

// compileDynamicScope compiles comparisons that each grant of a dynamic scope
// must satisfy: `params` and `requested_name` are the fields of one.
func compileDynamicScope(c *compiler, name string, v any, pointer string) node {
	conf, ok := c.conf(v, pointer, "scope", "fields")
	if !ok {
		return nil
	}
	scope := conf.text("scope", "")
	if scope == "" {
		c.report(pointer, CodeShape, "", "%s needs the scope, such as users.*", name)
	}
	return grants{
		of:    append(append(path(nil), dynamicScopes...), newSegment(scope)),
		check: c.fieldList(conf.members["fields"], jsonvalue.Member(pointer, "fields"), name, origin{element: true}),
		missing: c.failure(Failure{Validator: name, Field: scope,
			Message: "the scope " + scope + " must have been requested"}),
		divided: c.failure(Failure{Validator: name, Field: scope,
			Message: "every grant of the scope " + scope + " must satisfy the comparisons alike"}),
	}
}

// grants holds when its check does for every grant of a scope.
type grants struct {
	of               path
	check            node
	missing, divided int
}

func (g grants) decide(e *evaluation) outcome {
	v, _ := g.of.find(e.input)
	list, _ := v.([]any)
	if len(list) == 0 || len(list) > MaxElements {
		e.fail(g.missing)
		return undecided
	}
	defer func(before any) { e.element = before }(e.element)
	var result outcome
	for i, grant := range list {
		e.element = grant
		o := g.check.decide(e)
		switch {
		case o == aborted:
			return aborted
		case i == 0:
			result = o
		case o != result:
			// Or a caller could turn `not` around with a second grant.
			e.fail(g.divided)
			return undecided
		}
	}
	return result
}
