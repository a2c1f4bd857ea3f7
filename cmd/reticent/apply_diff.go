package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// change is a member that applying would change. Of a secret's value it tells
// nothing but that it would.
type change struct {
	Member string `json:"member"`
	// Before and After are null where the member is absent.
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
}

func textChange(member, before, after string) change {
	return change{member, quotedOrNull(before), quotedOrNull(after)}
}

func quotedOrNull(s string) json.RawMessage {
	if s == "" {
		return json.RawMessage("null")
	}
	return json.RawMessage(quoted(s))
}

// differences compares members by name.
func differences(before, after map[string]json.RawMessage) []change {
	names := make(map[string]bool)
	for name := range before {
		names[name] = true
	}
	for name := range after {
		names[name] = true
	}
	var out []change
	for _, name := range slices.Sorted(maps.Keys(names)) {
		b, a := compact(before[name]), compact(after[name])
		if !bytes.Equal(b, a) {
			out = append(out, change{name, b, a})
		}
	}
	return out
}

// compact gives a JSON text without white space, and null for none.
func compact(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return json.RawMessage("null")
	}
	return b.Bytes()
}

// tell prints what was done, or would be.
func (a *applier) tell(format outputFormat, w io.Writer) error {
	if !a.dryRun || format.json {
		return list(format, w, a.done, "result", "kind", "name", "project", "service")
	}
	same := 0
	for _, d := range a.done {
		if d.Result == unchanged {
			same++
			continue
		}
		r := resource{kind: d.Kind, project: d.Project, service: d.Service, name: d.Name}
		if _, err := fmt.Fprintf(w, "%s %s\n", intent[d.Result], r); err != nil {
			return err
		}
		for _, c := range d.Changes {
			if _, err := io.WriteString(w, printable(c.text())); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(w, "%d unchanged\n", same)
	return err
}

// intent says of each result what a dry run says.
var intent = map[result]string{created: "create", updated: "update", deleted: "delete", drifted: "drifted:"}

// text is the change for people: texts of several lines by the lines that differ.
func (c change) text() string {
	before, after := textOf(c.Before), textOf(c.After)
	if !strings.Contains(before+after, "\n") {
		return fmt.Sprintf("  %s: %s -> %s\n", c.Member, orNone(before), orNone(after))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "  %s:\n", c.Member)
	lines := strings.Split(strings.TrimSuffix(string(diff.Diff("before", []byte(before), "after", []byte(after))), "\n"), "\n")
	for _, line := range lines[min(3, len(lines)):] { // without the header
		fmt.Fprintf(&b, "    %s\n", line)
	}
	return b.String()
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}
