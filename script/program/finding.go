package program

import "fmt"

// Codes of findings.
const (
	// CodeSyntax: the source is not JavaScript that the engine understands.
	CodeSyntax = "syntax_error"
	// CodeLimit: the source is larger or deeper than a limit.
	CodeLimit = "source_limit"
	// CodeInspects: the source would look inside a secret.
	CodeInspects = "sealed_secret_inspected"
	// CodeRegexp: a regular expression that the engine cannot run in linear time.
	CodeRegexp = "regexp_unsupported"
	// CodeModule: a module that is not there, or more of them than a limit.
	CodeModule = "module_missing"
	// CodeUnsupported: a part of the language that is left out.
	CodeUnsupported = "unsupported"
)

// Finding is a reason to refuse a source.
type Finding struct {
	// Code is one of the codes above.
	Code string `json:"code"`
	// Message says what is wrong, without a value from the source's secrets.
	Message string `json:"message"`
	// Advice says what to write instead; it may be empty.
	Advice string `json:"advice,omitempty"`
	// Module is the shared module that it was found in; empty is the script itself.
	Module string `json:"module,omitempty"`
	// Line and Column count from 1. Column counts bytes.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Secret is the secret that would be looked into, for CodeInspects.
	Secret string `json:"secret,omitempty"`
	// StringOnly is set when the finding holds only if Secret is a string: the
	// length of a structured secret and the choice of one of its elements are
	// metadata, those of a string are not.
	StringOnly bool `json:"string_only,omitempty"`
}

// String gives "line:column: message; advice", with a module's name in front.
func (f Finding) String() string {
	s := fmt.Sprintf("%d:%d: %s", f.Line, f.Column, f.Message)
	if f.Module != "" {
		s = "module " + f.Module + ":" + s
	}
	if f.Advice != "" {
		s += "; " + f.Advice
	}
	return s
}
