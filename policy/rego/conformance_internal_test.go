package rego

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/test/cases"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/util"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

const (
	noResolver  = "net.lookup_ip_addr is removed: it tells of the server's network"
	noRuntime   = "opa.runtime is removed: it shows the server's environment"
	noParser    = "rego.parse_module is removed: it can't be stopped"
	noTemplates = "strings.render_template is removed: a template can't be stopped"
	noSend      = "http.send is removed"
	noSleep     = "test.sleep is a builtin of OPA's own tests"
	noConflicts = "a rule in the place of a document is refused at upload, as OPA's server does"
	wholeOfData = "it reads data as a whole, which has the secrets"
	dynamicData = "it reads data under a key that is no name, which could be the secrets"
)

// exceptions are the cases that can't pass, and why.
var exceptions = map[string]string{
	"baseandvirtualdocs/base/virtual: conflicts":     noConflicts,
	"net.lookup_ip_addr/localhost":                   noResolver,
	"net.lookup_ip_addr/simple ip4 returns that ip4": noResolver,
	"net.lookup_ip_addr/simple ip6 returns that ip6": noResolver,
	"regoparsemodule/error":                          noParser,
	"regoparsemodule/ok":                             noParser,
	"rendertemplate/complex":                         noTemplates,
	"rendertemplate/missingkey":                      noTemplates,
	"rendertemplate/missingmultiplekeys":             noTemplates,
	"rendertemplate/simple":                          noTemplates,
	"rendertemplate/simpleint":                       noTemplates,
	"time/time caching":                              noSleep,
	"withkeyword/builtin-builtin: arity 0":           noRuntime,
}

// sealingExceptions can't pass in a policy with secrets.
var sealingExceptions = map[string]string{
	"data/toplevel integer":                                          dynamicData,
	"fix1863/is defined":                                             wholeOfData,
	"topdowndynamicdispatch/dynamic dispatch":                        wholeOfData,
	"ir/call-dynamic with ref heads and unrelated rule (issue 7399)": dynamicData,
}

// conformanceCases are OPA's own cases, which ship in its module.
func conformanceCases(t *testing.T, version string) []cases.TestCase {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/open-policy-agent/opa").Output()
	if err != nil {
		t.Fatal(err)
	}
	set, err := cases.Load(filepath.Join(strings.TrimSpace(string(dir)), "v1/test/cases/testdata", version))
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Cases) < 500 {
		t.Fatalf("%d cases", len(set.Cases))
	}
	return set.Sorted().Cases
}

// TestConformance runs OPA's own cases: in policies without secrets, and in
// policies with one, so that all rewriting is in force.
func TestConformance(t *testing.T) {
	sets := map[bool]*seal.Set{false: sealtest.Set(t, nil), true: sealtest.Set(t, map[string]any{"CONFORMANCE": "c0nformance-Zq81xWv7LmP0"})}
	for _, version := range []string{"v0", "v1"} {
		list := conformanceCases(t, version)
		for _, sealing := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s sealing=%t", version, sealing), func(t *testing.T) {
				passed := 0
				var excepted []string
				for _, tc := range list {
					reason := exceptions[tc.Note]
					if sealing && reason == "" {
						reason = sealingExceptions[tc.Note]
					}
					err := runCase(t, tc, version == "v0", sets[sealing])
					switch {
					case err == nil:
						passed++
					case reason == "":
						t.Errorf("%s: %v", tc.Note, err)
					default:
						excepted = append(excepted, tc.Note)
					}
				}
				t.Logf("%d cases: %d passed, %d need what is not there: %s", len(list), passed, len(excepted), strings.Join(excepted, ", "))
			})
		}
	}
}

// runCase runs one case and says what is wrong.
func runCase(t *testing.T, tc cases.TestCase, v0 bool, set *seal.Set) error {
	for k, v := range tc.Env {
		t.Setenv(k, v)
	}
	src := Source{Modules: map[string]string{}, V0: v0}
	for i, m := range tc.Modules {
		src.Modules[fmt.Sprintf("test-%d.rego", i)] = m
	}
	if tc.Data != nil {
		src.Data = *tc.Data
	}
	if len(src.Modules) == 0 {
		src.Modules["empty.rego"] = "package empty"
	}
	sealing := !set.Empty()
	if sealing {
		src.Modules["conformance.rego"] = "package reticent_conformance\nk := data.secrets.CONFORMANCE"
	}
	program, err := parseProgram(src)
	if err == nil {
		err = program.compileAll()
	}
	if err != nil {
		return err
	}
	p, err := program.Bind(t.Context(), set, nil, nil)
	if err != nil {
		return err
	}
	compiler, body, err := p.compileQuery(tc.Query)
	if err != nil {
		return err
	}
	var input *ast.Term
	if tc.InputTerm != nil {
		input = ast.MustParseTerm(*tc.InputTerm)
	} else if tc.Input != nil {
		input = ast.NewTerm(ast.MustInterfaceToValue(*tc.Input))
	}
	e := &evaluation{policy: p, ctx: t.Context(), strict: tc.StrictError, cancel: topdown.NewCancel()}
	if p.run != nil {
		e.run = p.run.Child(seal.Options{})
	}
	e.printed.run = e.run
	v, err := e.value(t.Context(), compiler, body, input)
	if err != nil {
		var failed *topdown.Error
		if tc.WantErrorCode == nil && tc.WantError == nil {
			return err
		}
		if tc.WantErrorCode != nil && (!errors.As(err, &failed) || failed.Code != *tc.WantErrorCode) {
			return fmt.Errorf("error is %v, want %s", err, *tc.WantErrorCode)
		}
		if tc.WantError != nil && !strings.Contains(err.Error(), *tc.WantError) {
			return fmt.Errorf("error is %v, want %s", err, *tc.WantError)
		}
		return nil
	}
	if tc.WantErrorCode != nil || tc.WantError != nil {
		return fmt.Errorf("no error, result %v", v)
	}
	return sameResults(tc, v)
}

func sameResults(tc cases.TestCase, v ast.Value) error {
	want, got := ast.NewSet(), ast.NewSet()
	for _, bindings := range *tc.WantResult {
		o := ast.NewObject()
		for k, v := range bindings {
			o.Insert(ast.StringTerm(k), ast.NewTerm(ast.MustInterfaceToValue(v)))
		}
		want.Add(ast.NewTerm(o))
	}
	x, err := ast.JSON(v)
	if err != nil {
		return err
	}
	for _, bindings := range x.([]any) {
		o := ast.NewObject()
		for k, v := range bindings.(map[string]any) {
			if list, ok := v.([]any); ok && tc.SortBindings {
				slices.SortFunc(list, util.Compare)
			}
			o.Insert(ast.StringTerm(k), ast.NewTerm(ast.MustInterfaceToValue(v)))
		}
		got.Add(ast.NewTerm(o))
	}
	if want.Compare(got) != 0 {
		return fmt.Errorf("got %v, want %v", got, want)
	}
	return nil
}
