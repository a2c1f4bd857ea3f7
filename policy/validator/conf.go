package validator

import (
	"time"

	"github.com/reticent/reticent/policy/jsonvalue"
)

// conf reads the members of a validator's conf. What is wrong with one is
// reported, and gives its zero value.
type conf struct {
	*compiler
	members map[string]any
	pointer string
}

// conf checks that a conf has no other members than these.
func (c *compiler) conf(v any, pointer string, members ...string) (conf, bool) {
	o, ok := c.object(v, pointer, members...)
	return conf{c, o, pointer}, ok
}

func (f conf) has(name string) bool { return f.members[name] != nil }

func (f conf) at(name string) string { return jsonvalue.Member(f.pointer, name) }

func (f conf) wrong(name, advice, format string, args ...any) {
	f.report(f.at(name), CodeShape, advice, format, args...)
}

// text gives a string; otherwise stands for one that is left out.
func (f conf) text(name, otherwise string) string {
	if !f.has(name) {
		return otherwise
	}
	s, ok := f.members[name].(string)
	if !ok || s == "" {
		f.wrong(name, "", "%s must be a string that is not empty", name)
	}
	return s
}

// texts gives an array of strings, or one string as an array of it. It is nil
// when it is left out.
func (f conf) texts(name string) []string {
	if !f.has(name) {
		return nil
	}
	list, ok := f.members[name].([]any)
	if !ok {
		list = []any{f.members[name]}
	}
	var out []string
	for _, v := range list {
		if s, ok := v.(string); ok && s != "" {
			out = append(out, s)
		}
	}
	if len(out) != len(list) || len(out) == 0 {
		f.wrong(name, "", "%s must be an array of one string or more", name)
		return nil
	}
	return out
}

// duration gives a positive length of time, up to most.
func (f conf) duration(name string, otherwise, most time.Duration) time.Duration {
	if !f.has(name) {
		return otherwise
	}
	s, _ := f.members[name].(string)
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 || d > most {
		f.wrong(name, "", `%s must be a length of time such as "90s" or "15m", up to %s`, name, most)
		return otherwise
	}
	return d
}

// field gives the operand of a path from the root of the input.
func (f conf) field(name, otherwise string) operand {
	text := f.text(name, otherwise)
	o, _ := f.operand("input", text, f.at(name), origin{}, comparator{})
	return o
}
