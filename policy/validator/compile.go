package validator

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/reticent/reticent/policy/jsonvalue"
)

// Compile checks a document and compiles it. The error is a [*CompileError].
func Compile(document json.RawMessage) (*Program, error) {
	c := &compiler{program: &Program{}}
	if len(document) > MaxSourceBytes {
		c.report("", CodeLimit, "", "the validators are larger than %d bytes (MaxSourceBytes)", MaxSourceBytes)
		return nil, &CompileError{c.problems}
	}
	decoded, err := jsonvalue.Decode(document)
	if err != nil {
		c.report("", CodeJSON, "", "%s", err)
		return nil, &CompileError{c.problems}
	}
	c.program.document = decoded
	c.program.root = c.list(decoded, "")
	if len(c.problems) > 0 {
		return nil, &CompileError{c.problems}
	}
	return c.program, nil
}

// compiler walks a document. It goes on after a problem, to report them all, so
// what it compiles is of use only when there is none.
type compiler struct {
	program    *Program
	problems   []Problem
	validators int
	fields     int
}

func (c *compiler) report(pointer, code, advice, format string, args ...any) {
	if len(c.problems) < MaxProblems {
		c.problems = append(c.problems, Problem{Pointer: pointer, Code: code, Message: fmt.Sprintf(format, args...), Advice: advice})
	}
}

// list compiles validators that must all hold. An empty list would hold for
// everybody and is refused.
func (c *compiler) list(v any, pointer string) all {
	items, ok := v.([]any)
	if !ok {
		c.report(pointer, CodeShape, "", "a list of validators must be an array")
		return nil
	}
	if len(items) == 0 {
		c.report(pointer, CodeShape, `to allow everything write [{"name": "true"}]`, "the list of validators is empty")
	}
	var out all
	for i, item := range items {
		out = append(out, c.validator(item, jsonvalue.Element(pointer, i)))
	}
	return out
}

func (c *compiler) validator(v any, pointer string) node {
	c.validators++
	if c.validators == MaxValidators+1 {
		c.report(pointer, CodeLimit, "", "there are more than %d validators (MaxValidators)", MaxValidators)
	}
	if c.validators > MaxValidators {
		return nil
	}
	members, ok := c.object(v, pointer, "name", "conf", "recovery")
	if !ok {
		return nil
	}
	name, ok := members["name"].(string)
	if !ok {
		c.report(pointer, CodeShape, "", "a validator needs a name, a string")
		return nil
	}
	kind, ok := catalogue[name]
	if !ok {
		c.report(jsonvalue.Member(pointer, "name"), CodeUnknown, "there are "+strings.Join(names(catalogue), ", "),
			"there is no validator %s", quote(name))
		return nil
	}
	conf := members["conf"]
	if conf == nil {
		conf = map[string]any{}
	}
	recovery := members["recovery"]
	if own, ok := recoveries[name]; ok && recovery == nil {
		recovery = own
	}
	return validator{
		node:     kind(c, name, conf, jsonvalue.Member(pointer, "conf")),
		recovery: c.recovery(recovery, jsonvalue.Member(pointer, "recovery")),
	}
}

// recovery compiles the objects that come back when a validator fails.
func (c *compiler) recovery(v any, pointer string) []int {
	if v == nil {
		return nil
	}
	items, ok := v.([]any)
	if !ok {
		c.report(pointer, CodeShape, "", "recovery must be an array of objects")
	}
	var out []int
	for i, item := range items {
		if _, ok := item.(map[string]any); !ok {
			c.report(jsonvalue.Element(pointer, i), CodeShape, "", "recovery must be an array of objects")
		}
		out = append(out, len(c.program.recoveries))
		c.program.recoveries = append(c.program.recoveries, item)
	}
	return out
}

// object checks that a value is an object with no other members than these.
func (c *compiler) object(v any, pointer string, members ...string) (map[string]any, bool) {
	o, ok := v.(map[string]any)
	if !ok {
		c.report(pointer, CodeShape, "", "an object was expected here")
		return nil, false
	}
	for _, name := range names(o) {
		if !slices.Contains(members, name) {
			advice := "there are " + strings.Join(members, ", ")
			if len(members) == 0 {
				advice = "leave it empty"
			}
			c.report(jsonvalue.Member(pointer, name), CodeShape, advice, "there is no member %s here", quote(name))
			ok = false
		}
	}
	return o, ok
}

// failure adds a failure that evaluations may give, and gives its index.
func (c *compiler) failure(f Failure) int {
	c.program.failures = append(c.program.failures, f)
	return len(c.program.failures) - 1
}

// secret adds a secret that the document names, and gives its index.
func (c *compiler) secret(ref secretRef) (int, error) {
	for i, known := range c.program.secrets {
		if known.text == ref.text {
			return i, nil
		}
	}
	if len(c.program.secrets) == MaxSecrets {
		return 0, errTooManySecrets
	}
	c.program.secrets = append(c.program.secrets, ref)
	return len(c.program.secrets) - 1, nil
}

var errTooManySecrets = errors.New("too many secrets")

// quote gives a word of the document for a message.
func quote(s string) string { return fmt.Sprintf("%.60q", s) }

func names[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
