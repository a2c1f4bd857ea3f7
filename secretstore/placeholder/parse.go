package placeholder

import (
	"fmt"
	"regexp"
	"strings"
)

const (
	// MaxReferences is how many references one string may have.
	MaxReferences = 100
	// MaxReferenceBytes is the length of the longest reference, default and all.
	MaxReferenceBytes = 4 << 10
)

// Form is how a reference is written, before its name.
type Form string

// The forms.
const (
	Secret         Form = "secrets."
	WorkflowSecret Form = "workflow.secrets."
	Variable       Form = "variables."
	WorkflowEnv    Form = "workflow.env."
	Managed        Form = "secret:"
	// ESV is either a variable or a secret, in &{…}.
	ESV Form = "&"
)

// dollarForms are those in ${…}.
var dollarForms = []Form{Secret, WorkflowSecret, Variable, WorkflowEnv, Managed}

// Reference is one reference.
type Reference struct {
	Form Form
	// Name is what it names: for [ESV] as it is written, with dots, for [Managed]
	// "manager/name", where the name may have slashes.
	Name string
	// Path leads into a structured value: names of members and indices.
	Path []string
	// Default is what an [ESV] is where there is nothing of that name, nil for
	// nothing.
	Default *string
}

// Part is a text, or a reference if there is one.
type Part struct {
	Text      string
	Reference *Reference
}

// Template is a string with its references, in order. No two texts follow one
// another, and none is empty.
type Template []Part

var (
	nameGrammar    = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	esvGrammar     = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
	managedGrammar = regexp.MustCompile(`^[A-Za-z0-9_-]+(/[^/{}|\x00-\x1f\x7f]+)+$`)
	fieldGrammar   = regexp.MustCompile(`^[^.{}|\x00-\x1f\x7f]+$`)
)

// Parse reads a string. The error says what is wrong at which byte, and quotes a
// reference only if it is one by its form.
func Parse(s string) (Template, error) {
	var out Template
	var text strings.Builder
	references := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c != '$' && c != '&' {
			text.WriteByte(c)
			i++
			continue
		}
		n := 1
		for i+n < len(s) && s[i+n] == c {
			n++
		}
		if i+n == len(s) || s[i+n] != '{' {
			text.WriteString(s[i : i+n])
			i += n
			continue
		}
		text.WriteString(strings.Repeat(string(c), n/2))
		if n%2 == 0 { // escaped
			text.WriteByte('{')
			i += n + 1
			continue
		}
		if references++; references > MaxReferences {
			return nil, fmt.Errorf("more than %d references in one string (MaxReferences)", MaxReferences)
		}
		ref, length, err := parseReference(c, s[i+n+1:])
		if err != nil {
			return nil, fmt.Errorf("byte %d: %w", i+n-1, err)
		}
		if text.Len() > 0 {
			out = append(out, Part{Text: text.String()})
			text.Reset()
		}
		out = append(out, Part{Reference: ref})
		i += n + 1 + length
	}
	if text.Len() > 0 {
		out = append(out, Part{Text: text.String()})
	}
	return out, nil
}

// parseReference reads what stands between the braces, and gives how long it is
// with the closing one.
func parseReference(mark byte, s string) (*Reference, int, error) {
	limited := s[:min(len(s), MaxReferenceBytes)]
	end := strings.IndexAny(limited, "|}")
	if end < 0 || limited[end] == '|' && mark != '&' {
		return nil, 0, fmt.Errorf("a reference that does not end, within %d bytes (MaxReferenceBytes); write %c%c{ for the text %c{", MaxReferenceBytes, mark, mark, mark)
	}
	inner := limited[:end]
	if mark == '&' {
		ref := &Reference{Form: ESV, Name: inner}
		if !esvGrammar.MatchString(inner) {
			return nil, 0, fmt.Errorf("&{…} has a name with dots, such as &{esv.my.variable}; write &&{ for the text &{")
		}
		if limited[end] == '}' {
			return ref, end + 1, nil
		}
		fallback, length, ok := parseDefault(limited[end+1:])
		if !ok {
			return nil, 0, fmt.Errorf(`the default of &{%s} does not end, within %d bytes (MaxReferenceBytes), or has a \ before neither } nor \`, inner, MaxReferenceBytes)
		}
		ref.Default = &fallback
		return ref, end + 1 + length, nil
	}
	for _, form := range dollarForms {
		rest, ok := strings.CutPrefix(inner, string(form))
		if !ok {
			continue
		}
		ref := &Reference{Form: form, Name: rest}
		if form == Managed {
			if !managedGrammar.MatchString(rest) {
				return nil, 0, fmt.Errorf("${secret:…} has a manager and a name, such as ${secret:azure/password}")
			}
			return ref, end + 1, nil
		}
		fields := strings.Split(rest, ".")
		ref.Name, fields = fields[0], fields[1:]
		if form == WorkflowEnv && len(fields) > 0 && fields[0] == "$" { // the root of the value
			fields = fields[1:]
		}
		if !nameGrammar.MatchString(ref.Name) {
			return nil, 0, fmt.Errorf("${%s…} has a name of letters, digits, _ and -", form)
		}
		for _, f := range fields {
			if !fieldGrammar.MatchString(f) {
				return nil, 0, fmt.Errorf("${%s%s…}: the names of members are separated by dots", form, ref.Name)
			}
		}
		if len(fields) > 0 {
			ref.Path = fields
		}
		return ref, end + 1, nil
	}
	return nil, 0, fmt.Errorf("a reference begins with secrets., variables., workflow.secrets., workflow.env. or secret:; write $${ for the text ${")
}

func parseDefault(s string) (text string, length int, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '}':
			return b.String(), i + 1, true
		case '\\':
			i++
			if i == len(s) || s[i] != '}' && s[i] != '\\' {
				return "", 0, false
			}
		}
		b.WriteByte(s[i])
	}
	return "", 0, false
}

// String writes the reference as [Parse] reads it.
func (r Reference) String() string {
	if r.Form != ESV {
		path := r.Path
		if r.Form == WorkflowEnv && len(path) > 0 && path[0] == "$" {
			path = append([]string{"$"}, path...)
		}
		return "${" + string(r.Form) + strings.Join(append([]string{r.Name}, path...), ".") + "}"
	}
	if r.Default == nil {
		return "&{" + r.Name + "}"
	}
	return "&{" + r.Name + "|" + strings.NewReplacer(`\`, `\\`, "}", `\}`).Replace(*r.Default) + "}"
}

// name is the reference without its default, for errors.
func (r Reference) name() string {
	r.Default = nil
	return r.String()
}

// marks are runs of $ or & that a brace follows, or the end of a text.
var marks = regexp.MustCompile(`(\$+|&+)(\{|$)`)

// String writes the template as [Parse] reads it.
func (t Template) String() string {
	var b strings.Builder
	for i, p := range t {
		if p.Reference != nil {
			b.WriteString(p.Reference.String())
			continue
		}
		next := byte(0)
		if i+1 < len(t) {
			next = t[i+1].Reference.String()[0]
		}
		b.WriteString(marks.ReplaceAllStringFunc(p.Text, func(m string) string {
			run := strings.TrimSuffix(m, "{")
			if run == m && run[0] != next { // the end of the text, and no reference of its kind
				return m
			}
			return run + m
		}))
	}
	return b.String()
}
