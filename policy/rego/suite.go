package rego

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"

	"github.com/reticent/reticent/secretstore/seal"
)

// TestResult is how a rule whose name begins with test_ came out.
type TestResult struct {
	// Name is the rule, as data.acp.authz.test_allow.
	Name string `json:"name"`
	File string `json:"file"`
	Line int    `json:"line"`
	// Passed is set when the rule is true. Skipped is set for names that begin with
	// todo_test_.
	Passed  bool `json:"passed"`
	Skipped bool `json:"skipped,omitempty"`
	// Print is what print() wrote, masked.
	Print []string `json:"print,omitempty"`
	// Err is set when the evaluation failed.
	Err *Error `json:"error,omitempty"`
}

// TestReport is how the tests of a policy came out.
type TestReport struct {
	Tests []TestResult `json:"tests"`
	// Covered is the share of the lines of rules that an evaluation came by, in
	// percent; NotCovered are the others, by file.
	Covered    float64          `json:"covered"`
	NotCovered map[string][]int `json:"not_covered"`
}

// RunTests evaluates the tests among the modules of a policy, sealed as on the
// server. bind gives the secrets of the names that the modules refer to. The
// error of modules that do not compile is a [*CompileError].
func RunTests(ctx context.Context, src Source, bind func(names []string) (*seal.Set, error)) (*TestReport, error) {
	program, err := parseProgram(src)
	if err == nil {
		err = program.compileAll()
	}
	if err != nil {
		return nil, err
	}
	set, err := bind(program.Secrets())
	if err != nil {
		return nil, err
	}
	p, err := program.Bind(ctx, set, nil, nil)
	if err != nil {
		return nil, err
	}
	covered := cover.New()
	report := &TestReport{}
	for _, file := range slices.Sorted(maps.Keys(program.modules)) {
		m := program.modules[file]
		seen := make(map[string]bool)
		for _, r := range m.Rules {
			name := ruleName(r)
			todo := strings.HasPrefix(name, "todo_test_")
			if !todo && !strings.HasPrefix(name, "test_") || seen[name] {
				continue
			}
			seen[name] = true
			result := TestResult{Name: m.Package.Path.Append(ast.StringTerm(name)).String(), File: file, Line: r.Location.Row, Skipped: todo}
			if !todo {
				p.runTest(ctx, m.Package.Path.Append(ast.StringTerm(name)), covered, &result)
			}
			report.Tests = append(report.Tests, result)
		}
	}
	report.coverage(covered, program.modules)
	return report, nil
}

func (p *Policy) runTest(ctx context.Context, ref ast.Ref, covered *cover.Cover, result *TestResult) {
	answer := p.answer(ctx, Ask{Strict: p.run != nil}, inputOf(json.RawMessage("{}")), func(in *ast.Term, e *evaluation) (ast.Value, error) {
		e.watch = covered
		return e.value(ctx, p.compiler, answerBody(ast.NewTerm(ref)), in)
	})
	result.Passed = answer.Err == nil && answer.Value == true
	result.Print, result.Err = answer.Print, answer.Err
}

// coverage fills in what was evaluated, of the modules that are no tests.
func (r *TestReport) coverage(covered *cover.Cover, modules map[string]*ast.Module) {
	tested := maps.Clone(modules)
	maps.DeleteFunc(tested, func(name string, _ *ast.Module) bool { return strings.HasSuffix(name, "_test.rego") })
	report := covered.Report(tested)
	r.Covered, r.NotCovered = report.Coverage, make(map[string][]int)
	for name, file := range report.Files {
		for _, lines := range file.NotCovered {
			for row := lines.Start.Row; row <= lines.End.Row; row++ {
				r.NotCovered[name] = append(r.NotCovered[name], row)
			}
		}
		r.NotCovered[name] = slices.Compact(r.NotCovered[name])
		if len(r.NotCovered[name]) == 0 {
			delete(r.NotCovered, name)
		}
	}
}
