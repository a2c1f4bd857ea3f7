package placeholder_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore/placeholder"
)

func TestParse(t *testing.T) {
	def := func(s string) *string { return &s }
	ref := func(r placeholder.Reference) placeholder.Template { return placeholder.Template{{Reference: &r}} }
	text := func(s string) placeholder.Template { return placeholder.Template{{Text: s}} }
	for _, x := range []struct {
		in   string
		want placeholder.Template
	}{
		{"", nil},
		{"plain $ & {text} $x &y a$", text("plain $ & {text} $x &y a$")},
		{"${secrets.DB}", ref(placeholder.Reference{Form: placeholder.Secret, Name: "DB"})},
		{"${secrets.DB.user.0}", ref(placeholder.Reference{Form: placeholder.Secret, Name: "DB", Path: []string{"user", "0"}})},
		{"${workflow.secrets.DB.password}", ref(placeholder.Reference{Form: placeholder.WorkflowSecret, Name: "DB", Path: []string{"password"}})},
		{"${workflow.env.E}", ref(placeholder.Reference{Form: placeholder.WorkflowEnv, Name: "E"})},
		{"${workflow.env.E.$}", ref(placeholder.Reference{Form: placeholder.WorkflowEnv, Name: "E"})},
		{"${workflow.env.E.$.a}", ref(placeholder.Reference{Form: placeholder.WorkflowEnv, Name: "E", Path: []string{"a"}})},
		{"${variables.V.a}", ref(placeholder.Reference{Form: placeholder.Variable, Name: "V", Path: []string{"a"}})},
		{"${secret:azure/oracle-password}", ref(placeholder.Reference{Form: placeholder.Managed, Name: "azure/oracle-password"})},
		{"${secret:aws/a/b/key}", ref(placeholder.Reference{Form: placeholder.Managed, Name: "aws/a/b/key"})},
		{"&{esv.my.variable}", ref(placeholder.Reference{Form: placeholder.ESV, Name: "esv.my.variable"})},
		{"&{esv.v|}", ref(placeholder.Reference{Form: placeholder.ESV, Name: "esv.v", Default: def("")})},
		{`&{esv.v|a|\}\\${secrets.X}`, ref(placeholder.Reference{Form: placeholder.ESV, Name: "esv.v", Default: def(`a|}\${secrets.X`)})},
		{"$${secrets.X}", text("${secrets.X}")},
		{"&&{esv.x}", text("&{esv.x}")},
		{"$$$${x}", text("$${x}")},
		{"a$$${secrets.X}b", placeholder.Template{{Text: "a$"}, {Reference: &placeholder.Reference{Form: placeholder.Secret, Name: "X"}}, {Text: "b"}}},
		{"$&{esv.x}", placeholder.Template{{Text: "$"}, {Reference: &placeholder.Reference{Form: placeholder.ESV, Name: "esv.x"}}}},
	} {
		got, err := placeholder.Parse(x.in)
		if err != nil {
			t.Errorf("%q: %v", x.in, err)
			continue
		}
		if diff := cmp.Diff(x.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", x.in, diff)
		}
	}
	for in, want := range map[string]string{
		"a ${secrets.X":                     "byte 2: a reference that does not end",
		"${}":                               "a reference begins with",
		"${task.output}":                    "write $${",
		"${secrets.}":                       "a name of letters",
		"${secrets.X|default}":              "does not end",
		"${secrets.X..a}":                   "separated by dots",
		"${secrets.a b}":                    "a name of letters",
		"${secrets.${secrets.X}}":           "a name of letters",
		"${secret:azure}":                   "a manager and a name",
		"${secret:azure//x}":                "a manager and a name",
		"&{}":                               "a name with dots",
		"&{esv..x}":                         "a name with dots",
		"&{esv.x|a":                         "does not end",
		`&{esv.x|\n}`:                       "does not end",
		strings.Repeat("${secrets.X}", 101): "MaxReferences",
		"&{esv.x|" + strings.Repeat("x", 5000) + "}": "MaxReferenceBytes",
	} {
		if _, err := placeholder.Parse(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", in, err, want)
		}
	}
}

// TestPrintAndParse: what is printed is parsed to the same, whatever stands in it.
func TestPrintAndParse(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test
	pick := func(of string, most int) string {
		var b strings.Builder
		for range 1 + random.IntN(most) {
			b.WriteByte(of[random.IntN(len(of))])
		}
		return b.String()
	}
	path := func() (out []string) {
		for range random.IntN(3) {
			out = append(out, pick("$&ab0 /", 3))
		}
		return out
	}
	for range 20_000 {
		var want placeholder.Template
		for range random.IntN(5) {
			name := pick("ab-_", 4)
			var r placeholder.Reference
			switch random.IntN(6) {
			case 0:
				if n := len(want); n == 0 || want[n-1].Reference != nil {
					want = append(want, placeholder.Part{Text: pick("$&{}|\\ax", 6)})
				}
				continue
			case 1:
				d := pick("$&{}|\\ax", 5)
				r = placeholder.Reference{Form: placeholder.ESV, Name: name + ".x", Default: &d}
			case 2:
				r = placeholder.Reference{Form: placeholder.ESV, Name: name}
			case 3:
				r = placeholder.Reference{Form: placeholder.Managed, Name: name + "/" + pick("a$&.", 4)}
			case 4:
				r = placeholder.Reference{Form: placeholder.Secret, Name: name, Path: path()}
			case 5:
				r = placeholder.Reference{Form: placeholder.WorkflowEnv, Name: name, Path: path()}
			}
			want = append(want, placeholder.Part{Reference: &r})
		}
		got, err := placeholder.Parse(want.String())
		if err != nil {
			t.Fatalf("%q: %v", want.String(), err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q (-want +got):\n%s", want.String(), diff)
		}
	}
}

// FuzzParse: whatever is parsed prints to something that is parsed to the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "${secrets.A.b}", "$${x}", "a&{esv.x|d\\}}$", "$$$${", "${secret:m/n/k}", "&&&{esv.a}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		first, err := placeholder.Parse(s)
		if err != nil {
			return
		}
		again, err := placeholder.Parse(first.String())
		if err != nil || !cmp.Equal(first, again) {
			t.Errorf("%q prints %q: %v %s", s, first.String(), err, cmp.Diff(first, again))
		}
	})
}
