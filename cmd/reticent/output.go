package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"
)

// outputFormat is how answers are printed: a table for people, or the JSON of
// the API.
type outputFormat struct{ json bool }

// String is pflag.Value's.
func (f *outputFormat) String() string {
	if f.json {
		return "json"
	}
	return "table"
}

// Set is pflag.Value's.
func (f *outputFormat) Set(s string) error {
	if s != "json" && s != "table" {
		return errors.New("it is table or json")
	}
	f.json = s == "json"
	return nil
}

// Type is pflag.Value's.
func (f *outputFormat) Type() string { return "format" }

// list prints resources, of each the members that are asked for.
func list[R any](f outputFormat, w io.Writer, items []R, members ...string) error {
	if f.json {
		return printJSON(w, append([]R{}, items...)) // [] and not null
	}
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.ToUpper(strings.Join(members, "\t")))
	for _, item := range items {
		fields, err := fieldsOf(item)
		if err != nil {
			return err
		}
		texts := make([]string, len(members))
		for i, member := range members {
			for _, field := range fields {
				if field.name == member {
					texts[i] = field.text
				}
			}
		}
		fmt.Fprintln(t, strings.Join(texts, "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(printable(line), " \n")); err != nil {
			return err
		}
	}
	return nil
}

// show prints a resource, a member a line, without members that are empty.
func show(f outputFormat, w io.Writer, resource any) error {
	if f.json {
		return printJSON(w, resource)
	}
	fields, err := fieldsOf(resource)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, field := range fields {
		if field.text == "" {
			continue
		}
		if text, long := strings.CutSuffix(printable(field.text), "\n"); long || strings.Contains(text, "\n") {
			fmt.Fprintf(t, "%s:\n  %s\n", field.name, strings.ReplaceAll(text, "\n", "\n  "))
		} else {
			fmt.Fprintf(t, "%s:\t%s\n", field.name, text)
		}
	}
	return t.Flush()
}

// field is a member of a resource as a person reads it.
type field struct{ name, text string }

// fieldsOf gives the members of a resource in the order of its JSON.
func fieldsOf(resource any) ([]field, error) {
	raw, err := marshal(resource)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil { // {
		return nil, err
	}
	var fields []field
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		fields = append(fields, field{fmt.Sprint(name), textOf(value)})
	}
	return fields, nil
}

// textOf gives a string without quotes, a list of strings with commas, nothing
// for what is empty, and JSON for the rest.
func textOf(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	var texts []string
	if json.Unmarshal(value, &texts) == nil {
		return strings.Join(texts, ", ")
	}
	switch text := string(value); text {
	case "null", "{}", "[]":
		return ""
	default:
		return text
	}
}

// printJSON prints v over several lines.
func printJSON(w io.Writer, v any) error {
	raw, err := marshal(v)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, strings.TrimSuffix(printable(b.String()), "\n"))
	return err
}

// printable writes out control characters, which a terminal would obey: what the
// author of a script wrote is not to move the cursor of who runs it. In JSON they
// can stand in strings only, where the escape means the same.
func printable(s string) string {
	if strings.IndexFunc(s, isControl) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if isControl(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isControl(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }

// marshal is json.Marshal without the escapes for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}
