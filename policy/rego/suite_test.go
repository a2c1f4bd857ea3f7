package rego_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/policy/rego"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

func TestRunTests(t *testing.T) {
	src := rego.Source{Data: object{"users": []any{"ada"}}, Modules: map[string]string{
		"policy.rego": "package acp.authz\n\nallow if input.key == data.secrets.K\n\nallow if input.user in data.users\n\nnever if input.never == 1\n",
		"policy_test.rego": `package acp.authz_test
import data.acp.authz

test_right if authz.allow with input as {"key": "` + strong + `"}
test_wrong if authz.allow with input as {"key": "x"}
test_user if authz.allow with input as {"user": "ada"}
test_mocked if { authz.allow with input as {"user": "bob"} with data.users as ["bob"] }
test_prints if { print("the key is", data.secrets.K); false }
test_fails if startswith([data.secrets.K][0], "k")
test_false := false
todo_test_later if true
helper if true
`}}
	report, err := rego.RunTests(t.Context(), src, func(names []string) (*seal.Set, error) {
		return sealtest.Set(t, object{"K": strong}), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range report.Tests {
		word := "failed"
		switch {
		case r.Skipped:
			word = "skipped"
		case r.Passed:
			word = "passed"
		}
		if r.Err != nil {
			word += " " + string(r.Err.Code)
		}
		got = append(got, strings.TrimPrefix(r.Name, "data.acp.authz_test.")+" "+word+" "+strings.Join(r.Print, ""))
	}
	want := []string{"test_right passed ", "test_wrong failed ", "test_user passed ", "test_mocked passed ", "test_prints failed the key is ***", "test_fails failed sealed_secret_inspected", "test_false failed ", "todo_test_later skipped "}
	for i := range got {
		got[i] = strings.TrimRight(got[i], " ")
		want[i] = strings.TrimRight(want[i], " ")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if report.Covered <= 0 || report.Covered >= 100 || cmp.Diff(map[string][]int{"policy.rego": {7}}, report.NotCovered) != "" {
		t.Errorf("covered %v, not %v", report.Covered, report.NotCovered)
	}
}
