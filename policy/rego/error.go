package rego

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Issue is one reason why a policy does not compile.
type Issue struct {
	// File is the name of the module, empty where no module is to blame.
	File string `json:"file,omitempty"`
	// Line and Column count from 1; 0 means the whole file.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Code is stable: OPA's rego_… codes and those of this package.
	Code string `json:"code"`
	// Message says what is wrong.
	Message string `json:"message"`
	// Advice says what to write instead, where there is something.
	Advice string `json:"advice,omitempty"`
}

// The codes of issues that are not OPA's.
const (
	// codeDynamic: which secrets a policy uses must be plain from its text.
	codeDynamic = "secret_name_not_constant"
	// codeReserved: the policy declares a name that belongs to the host.
	codeReserved = "reserved_name"
	// codeInspected: the expression would look inside a secret.
	codeInspected = "sealed_secret_inspected"
	// codeUnsupported: the construct can't be used in a policy with secrets.
	codeUnsupported = "unsupported_with_secrets"
	// codeLimit: a limit of this package, when compiling or evaluating.
	codeLimit = "limit_exceeded"
	// codeDecision: there is no rule to decide by.
	codeDecision = "decision_not_found"
)

// CompileError lists what is wrong with a policy, in the order of its text.
type CompileError struct{ Issues []Issue }

// Error gives the issues, one a line.
func (e *CompileError) Error() string {
	lines := make([]string, len(e.Issues))
	for i, x := range e.Issues {
		at := x.File
		if x.Line > 0 {
			at = fmt.Sprintf("%s:%d:%d", x.File, x.Line, x.Column)
		}
		if at != "" {
			at += ": "
		}
		lines[i] = at + x.Code + ": " + x.Message
		if x.Advice != "" {
			lines[i] += "; " + x.Advice
		}
	}
	return strings.Join(lines, "\n")
}

func compileError(issues ...Issue) *CompileError {
	slices.SortStableFunc(issues, func(a, b Issue) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	issues = slices.CompactFunc(issues, func(a, b Issue) bool { return a == b })
	return &CompileError{Issues: issues[:min(len(issues), maxErrors)]}
}

// issueAt makes an issue at a place of a module.
func issueAt(loc *ast.Location, code, message, advice string) Issue {
	x := Issue{Code: code, Message: message, Advice: advice}
	if loc != nil {
		x.File, x.Line, x.Column = loc.File, loc.Row, loc.Col
	}
	return x
}

// astIssues turns the errors of OPA's parser and compiler into issues.
func astIssues(err error) []Issue {
	var list ast.Errors
	if one, ok := errors.AsType[*ast.Error](err); ok {
		list = ast.Errors{one}
	} else if !errors.As(err, &list) {
		return []Issue{{Code: "rego_parse_error", Message: err.Error()}}
	}
	var out []Issue
	for _, e := range list {
		out = append(out, issueAt(e.Location, e.Code, e.Message, ""))
	}
	return out
}
