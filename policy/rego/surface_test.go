package rego_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/policy/rego"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

const surfacePolicy = `package acp.authz
import data.lib

allow if input.key == data.secrets.K
allow if lib.admin[input.user]
number := to_number(concat("", [input.n])) + 1
conflict := data.secrets.K
conflict := input.other if input.other
key := data.secrets.K
filter if { some row in input.rows; row.owner == input.user; row.key != data.secrets.K }
owner if { input.row.owner == input.user; count(input.user) > 1 }
listed if input.row.owner in data.lists.owners
`

func surface(t *testing.T) *rego.Policy {
	t.Helper()
	program, err := rego.Compile(rego.Source{
		Modules:  map[string]string{"policy.rego": surfacePolicy, "lib.rego": "package lib\nadmin contains \"root\""},
		Data:     object{"lists": object{"owners": []any{"a", "b"}, "keys": []any{strong}}},
		Decision: "acp/authz/allow",
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := program.Bind(t.Context(), sealtest.Set(t, object{"K": strong}), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// shows fails the test if a text has a secret or a surrogate in it.
func shows(t *testing.T, what string, answer any) string {
	t.Helper()
	raw, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw) + fmt.Sprintf("%+v", answer)
	for _, d := range append(disguises(strong), "rsv_") {
		if strings.Contains(text, d) {
			t.Errorf("%s tells %q: %s", what, d, text)
		}
	}
	return string(raw)
}

// The surfaces on which stock OPA gives a value away: each gives none here.
func TestSurfaces(t *testing.T) {
	p := surface(t)
	input := json.RawMessage(`{"user": "root", "other": "x", "n": "x", "key": "` + strong + `"}`)
	for _, strict := range []bool{false, true} {
		for _, path := range [][]string{nil, {"secrets"}, {"secrets", "K"}, {"acp"}, {"acp", "authz"}, {"acp", "authz", "key"}, {"acp", "authz", "conflict"}, {"acp", "authz", "number"}, {"lists"}} {
			answer := p.Document(rego.WithExplain(t.Context(), rego.ExplainFull), path, input, rego.Ask{Strict: strict})
			text := shows(t, strings.Join(path, "/"), answer)
			if len(path) > 0 && path[0] == "secrets" && (answer.Defined || answer.Value != nil) {
				t.Errorf("%v: %s", path, text)
			}
		}
		for _, query := range []string{`data.acp.authz.key = x`, `x = data.acp.authz.conflict`, `x = data.acp.authz[y]`, `x := data.secrets.K`, `to_number(data.secrets.K) > 1`,
			`x := [data.secrets.K, base64.encode(data.secrets.K)]`, `trace(data.acp.authz.key)`, `print(data.secrets.K)`, `x = opa.runtime()`, `x = data`, `x = data[y]`, `x = data.secrets`, `x = data.secrets.OTHER`} {
			answer, err := p.Query(rego.WithExplain(t.Context(), rego.ExplainFull), query, input, rego.Ask{Strict: strict})
			shows(t, query, answer)
			var refused *rego.CompileError
			if err != nil && !errors.As(err, &refused) {
				t.Errorf("%s: %v", query, err)
			}
			shows(t, query, fmt.Sprint(err))
		}
	}
	if got := p.Document(t.Context(), nil, input, rego.Ask{}); got.Err == nil || got.Err.Code != "policy_conflict" {
		t.Errorf("a conflict in data as a whole: %+v", got)
	}
	got := p.Document(t.Context(), nil, json.RawMessage(`{"user": "root"}`), rego.Ask{})
	whole, ok := got.Value.(object)
	if !ok || whole["secrets"] != nil || whole["lists"] == nil || whole["acp"] == nil {
		t.Errorf("data as a whole: %+v", got)
	}
}

func TestQueries(t *testing.T) {
	p := surface(t)
	for query, want := range map[string]string{
		`data.acp.authz.allow`:                              `[{}]`,
		`x := data.lists.owners[i]`:                         `[{"i":0,"x":"a"},{"i":1,"x":"b"}]`,
		`some o in data.lists.owners; o == "b"`:             `[{"o":"b"}]`,
		`input.key == data.secrets.K`:                       `[{}]`,
		`input.key != data.secrets.K`:                       `null`,
		`k = data.secrets.K`:                                `[{"k":"***"}]`,
		`x = to_number("y")`:                                `null`,
		`input.key in data.lists.keys`:                      `[{}]`,
		`count({1 | input.key == data.lists.keys[_]}) == 1`: `[{}]`,
	} {
		answer, err := p.Query(t.Context(), query, json.RawMessage(`{"key": "`+strong+`"}`), rego.Ask{})
		if err != nil || answer.Err != nil {
			t.Errorf("%s: %v %v", query, err, answer.Err)
			continue
		}
		raw, _ := json.Marshal(answer.Value)
		if diff := cmp.Diff(want, string(raw)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	if answer, err := p.Query(t.Context(), `x = to_number("y")`, nil, rego.Ask{Strict: true}); err != nil || answer.Err == nil || answer.Err.Code != "builtin_failed" {
		t.Errorf("strict: %v %+v", err, answer)
	}
}

// What a partial evaluation leaves over depends on no secret, or it is refused.
func TestPartial(t *testing.T) {
	p := surface(t)
	input := json.RawMessage(`{"user": "ann"}`)
	for query, refused := range map[string]bool{
		`data.acp.authz.owner`:                    false,
		`data.acp.authz.listed`:                   false,
		`input.row.owner == "x"`:                  false,
		`data.acp.authz.allow`:                    true,
		`data.acp.authz.filter`:                   true,
		`data.acp.authz.key == input.row.k`:       true,
		`data.acp.authz == input.row`:             true,
		`data.acp.authz[x] == input.row`:          true,
		`data.secrets.K == input.row.k`:           true,
		`data.secrets[x] == input.row.k`:          true,
		`data == input.row`:                       true,
		`data[x] == input.row`:                    true,
		`input.row.k == "` + strong + `"`:         true,
		`input.row.k in data.lists.keys`:          true,
		`http.send(input.row).status_code == 200`: true,
		`input.contexts.secrets.K == input.row.k`: true,
	} {
		r, err := p.Partial(t.Context(), query, input, []string{"input.row"}, rego.Ask{})
		var failed *rego.Error
		var rejected *rego.CompileError
		isRefused := errors.As(err, &failed) && failed.Code == "secret_in_residual" || errors.As(err, &rejected)
		if isRefused != refused || err != nil && !isRefused {
			t.Errorf("%s: refused %v (%v), want %v", query, isRefused, err, refused)
		}
		text := shows(t, query, r)
		if !refused && (!strings.Contains(text, "queries") || strings.Contains(text, "reticent_")) {
			t.Errorf("%s: %s", query, text)
		}
	}
	// What is known alone decides.
	r, err := p.Partial(t.Context(), `"a" in data.lists.owners`, nil, nil, rego.Ask{})
	if raw, _ := json.Marshal(r); err != nil || string(raw) != `{"queries":[[]]}` {
		t.Errorf("%s %v", raw, err)
	}
	if _, err := p.Partial(t.Context(), `input.x`, nil, []string{"foo"}, rego.Ask{}); err == nil {
		t.Error("an unknown that is no reference is taken")
	}
	if _, err := p.Partial(t.Context(), `input.x`, json.RawMessage(`{"secrets": 1}`), nil, rego.Ask{}); err == nil {
		t.Error("an input with secrets is taken")
	}
}
