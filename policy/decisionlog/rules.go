package decisionlog

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/reticent/reticent/secretstore/seal"
)

// rule is one thing that a mask rule of OPA says: a path alone takes out what is
// there; an object has op "remove" or "upsert", path and for upsert a value.
type rule struct {
	upsert bool
	path   []string
	text   string // the path as it was written
	value  any
}

// errRule says that a mask rule gave something else, or a path that has a secret
// in it and so leads nowhere.
var errRule = errors.New(`a mask rule gives paths below /input and /result, or objects with op "remove" or "upsert", path and value`)

func parseRule(v any) (rule, error) {
	switch v := v.(type) {
	case string:
		return parsePath(rule{text: v})
	case map[string]any:
		path, isString := v["path"].(string)
		r := rule{text: path, value: v["value"]}
		_, hasValue := v["value"]
		for name := range v {
			if name != "op" && name != "path" && name != "value" {
				return r, errRule
			}
		}
		switch v["op"] {
		case "remove":
		case "upsert":
			r.upsert = true
			if !hasValue {
				return r, errRule
			}
		default:
			return r, errRule
		}
		if !isString {
			return r, errRule
		}
		return parsePath(r)
	}
	return rule{}, errRule
}

var unescape = strings.NewReplacer("~1", "/", "~0", "~")

// parsePath reads the path of a rule: a JSON pointer. A nd_builtin_cache, which OPA
// lets rules name too, no entry has.
func parsePath(r rule) (rule, error) {
	first, rest, deeper := strings.Cut(strings.TrimPrefix(r.text, "/"), "/")
	if !strings.HasPrefix(r.text, "/") || first != "input" && first != "result" && first != "nd_builtin_cache" || strings.Contains(r.text, seal.Mask) {
		return r, errRule
	}
	r.path = []string{first}
	if deeper {
		for part := range strings.SplitSeq(rest, "/") {
			r.path = append(r.path, unescape.Replace(part))
		}
	}
	return r, nil
}

// apply applies mask rules to the input and the result, and those about the result
// to a candidate's.
func (r *Record) apply(rules []any) error {
	if len(rules) > MaxMaskRules {
		return fmt.Errorf("the mask rules give more than %d paths (MaxMaskRules)", MaxMaskRules)
	}
	for _, v := range rules {
		rule, err := parseRule(v)
		if err != nil {
			return err
		}
		whole := map[string]any{"input": r.Input, "result": r.Result}
		done := rule.in(whole)
		r.Input, r.Result = whole["input"], whole["result"]
		if rule.path[0] == "result" && r.DryRun != nil {
			beside := map[string]any{"result": r.DryRun.Result}
			rule.in(beside)
			r.DryRun.Result = beside["result"]
		}
		switch {
		case !done:
		case rule.upsert:
			r.Replaced = append(r.Replaced, rule.text)
		default:
			r.Erased = append(r.Erased, rule.text)
		}
	}
	return nil
}

// in applies a rule below an object. A path that leads to nothing does nothing, but
// that an upsert makes objects below an input or a result that is there.
func (r rule) in(at any) bool {
	for i, part := range r.path {
		last := i == len(r.path)-1
		switch container := at.(type) {
		case map[string]any:
			next, there := container[part]
			switch {
			case !last && there:
				at = next
			case !last && r.upsert && i > 0:
				made := map[string]any{}
				container[part], at = made, made
			case last && r.upsert && (i > 0 || next != nil):
				container[part] = r.value
				return true
			case last && !r.upsert && there && next != nil:
				delete(container, part)
				return true
			default:
				return false
			}
		case []any:
			n, err := strconv.Atoi(part)
			if err != nil || n < 0 || n >= len(container) {
				return false
			}
			if !last {
				at = container[n]
				continue
			}
			container[n] = nil // the places of the others are what other rules mean
			if r.upsert {
				container[n] = r.value
			}
			return true
		default:
			return false
		}
	}
	return false
}
