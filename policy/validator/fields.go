package validator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/secretstore"
)

// origin is where the fields of a validator are in an input.
type origin struct {
	// root is where their paths begin.
	root path
	// implied is the source when a comparison names none; nil when it must.
	implied *operand
	// element is set where fields are of the element that a validator looks at.
	element bool
	// claims is the token whose claims fields are, as an index.
	claims *int
}

func rooted(names ...string) origin {
	var root path
	for _, n := range names {
		root = append(root, newSegment(n))
	}
	return origin{root: root}
}

// scopesSource is the scopes that the request's token was granted.
var scopesSource = origin{
	root:    path{newSegment("authn_ctx")},
	implied: &operand{kind: scopesOperand, path: path{newSegment("authn_ctx"), newSegment("scp")}, text: "scp"},
}

// comparison compiles one element of fields.
func (c *compiler) comparison(v any, pointer, validator string, of origin) node {
	c.fields++
	if c.fields == MaxFields+1 {
		c.report(pointer, CodeLimit, "", "there are more than %d comparisons (MaxFields)", MaxFields)
	}
	if c.fields > MaxFields {
		return nil
	}
	members, ok := c.object(v, pointer, "field", "input", "claim", "source", "comparator", "value", "secret", "variable", "target")
	if !ok {
		return nil
	}
	name, _ := members["comparator"].(string)
	compares, ok := comparators[name]
	if !ok {
		c.report(jsonvalue.Member(pointer, "comparator"), CodeUnknown, "there are "+strings.Join(names(comparators), ", "),
			"there is no comparator %s", quote(name))
		return nil
	}
	out := &comparison{comparator: compares}
	if out.source, ok = c.side(members, pointer, "source", of, compares, "field", "input", "claim"); !ok {
		return nil
	}
	if compares.base == exists {
		for _, name := range []string{"value", "secret", "variable", "target"} {
			if _, there := members[name]; there {
				c.report(jsonvalue.Member(pointer, name), CodeOperand, "leave it out", "%s has no target", compares.name)
			}
		}
	} else if out.target, ok = c.side(members, pointer, "target", of, compares, "value", "secret", "variable"); !ok {
		return nil
	}
	out.secret = out.source.kind == secretOperand || compares.base != exists && out.target.kind == secretOperand
	if !c.check(out, pointer) {
		return nil
	}
	c.failures(out, validator)
	return out
}

// side compiles a side of a comparison, which is written under its name or under
// one of its short forms.
func (c *compiler) side(members map[string]any, pointer, name string, of origin, compares comparator, short ...string) (operand, bool) {
	var given []string
	for _, form := range append(short, name) {
		if _, ok := members[form]; ok {
			given = append(given, form)
		}
	}
	switch {
	case len(given) == 0 && name == "source" && of.implied != nil:
		return *of.implied, true
	case len(given) != 1:
		c.report(pointer, CodeShape, "", "a comparison needs one of %s", strings.Join(append(short, name), ", "))
		return operand{}, false
	case given[0] != name:
		return c.operand(given[0], members[given[0]], jsonvalue.Member(pointer, given[0]), of, compares)
	}
	pointer = jsonvalue.Member(pointer, name)
	inner, ok := c.object(members[name], pointer, operandForms...)
	if !ok {
		return operand{}, false
	}
	if len(inner) != 1 {
		c.report(pointer, CodeShape, "", "a %s has one of %s", name, strings.Join(operandForms, ", "))
		return operand{}, false
	}
	form := names(inner)[0]
	return c.operand(form, inner[form], jsonvalue.Member(pointer, form), of, compares)
}

// operandForms are the ways to write an operand.
var operandForms = []string{"field", "input", "value", "secret", "variable", "claim"}

func (c *compiler) operand(form string, v any, pointer string, of origin, compares comparator) (operand, bool) {
	if form == "value" {
		return c.constant(v, pointer, compares)
	}
	text, ok := v.(string)
	if !ok {
		c.report(pointer, CodeShape, "", "%s must be a string", form)
		return operand{}, false
	}
	switch form {
	case "secret":
		return c.secretOperand(text, pointer)
	case "variable":
		return c.variableOperand(text, pointer)
	case "claim":
		return c.claimOperand(text, pointer)
	case "input":
		of = origin{}
	}
	o, err := newField(of.root, text)
	if err != nil {
		c.report(pointer, CodeShape, "", "%s", err)
		return operand{}, false
	}
	if of.claims != nil {
		return operand{kind: claimOperand, index: *of.claims, path: o.path, text: text}, true
	}
	if of.element {
		return operand{kind: elementOperand, path: o.path, text: text}, true
	}
	if reservedForSecrets(o.path) {
		c.report(pointer, CodeOperand, `write {"secret": NAME} for a secret`, "a request never brings %s", quote(text))
		return operand{}, false
	}
	return o, true
}

// reservedForSecrets reports whether a path leads where an input must have
// nothing.
func reservedForSecrets(p path) bool {
	return p[0].name == "secrets" || len(p) > 1 && p[0].name == "contexts" && p[1].name == "secrets"
}

func (c *compiler) secretOperand(text, pointer string) (operand, bool) {
	at, err := parsePath(text)
	if secretstore.Managed(text) { // a string, whose name may have dots
		at, err = path{{name: text, index: -1}}, nil
	}
	if err == nil {
		err = secretstore.CheckReference(at[0].name)
	}
	if err != nil {
		c.report(pointer, CodeShape, "", "a secret is written NAME, or NAME.FIELD for a part of it: %s", err)
		return operand{}, false
	}
	i, err := c.secret(secretRef{name: at[0].name, text: text, path: at[1:]})
	if err != nil {
		c.report(pointer, CodeLimit, "", "there are more than %d secrets (MaxSecrets)", MaxSecrets)
		return operand{}, false
	}
	return operand{kind: secretOperand, index: i, text: "secret " + text}, true
}

func (c *compiler) variableOperand(text, pointer string) (operand, bool) {
	at, err := parsePath(text)
	if err == nil {
		err = secretstore.CheckName(at[0].name)
	}
	if err != nil {
		c.report(pointer, CodeShape, "", "a variable is written NAME, or NAME.FIELD for a part of it: %s", err)
		return operand{}, false
	}
	i, ok := c.variable(at[0].name, pointer)
	return operand{kind: variableOperand, index: i, path: at[1:], text: "variable " + text}, ok
}

// variable adds a variable that the document names, and gives its index.
func (c *compiler) variable(name, pointer string) (int, bool) {
	if i := slices.Index(c.program.variables, name); i >= 0 {
		return i, true
	}
	if len(c.program.variables) == MaxVariables {
		c.report(pointer, CodeLimit, "", "there are more than %d variables (MaxVariables)", MaxVariables)
		return 0, false
	}
	c.program.variables = append(c.program.variables, name)
	return len(c.program.variables) - 1, true
}

// failures adds the failures of a comparison.
func (c *compiler) failures(out *comparison, validator string) {
	field := ""
	switch {
	case out.source.fromInput():
		field = out.source.text
	case out.target.fromInput():
		field = out.target.text
	}
	demand := out.source.text + " " + out.demand
	if out.base != exists {
		demand += " " + out.target.text
	}
	// In the order of failureFalse and so on.
	for i, message := range []string{
		demand,
		demand + ", but " + out.source.text + " is missing",
		demand + ", but " + out.target.text + " is missing",
		demand + ", but values of these types cannot be compared so",
	} {
		at := c.failure(Failure{Validator: validator, Field: field, Message: fmt.Sprintf("%s (%s)", message, out.name)})
		if i == failureFalse {
			out.failure = at
		}
	}
}
