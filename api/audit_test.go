package api_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/api/client"
	"github.com/reticent/reticent/secretstore/audit"
)

// entries gives the audit entries that somebody may see, the oldest first.
func entries(t *testing.T, s *apitest.Server, scope string, q url.Values) []audit.Entry {
	t.Helper()
	var all []audit.Entry
	q.Set("order", "asc")
	for {
		page := decode[client.Page[audit.Entry]](t, want(t, s, 200, request{"GET", scope + "/audit?" + q.Encode(), "", nil}).Body)
		all = append(all, page.Items...)
		if page.NextPageToken == "" {
			return all
		}
		q.Set("page_token", page.NextPageToken)
	}
}

// TestAuditHasWhatWasDone does one thing of each kind and looks for its entry.
func TestAuditHasWhatWasDone(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	reader := made(t, s, client.Scope{}, "evaluator")
	want(t, s, 200, request{"PUT", "/v1/secrets/K", `{"value":"another-0123456789-abcdef"}`, nil})
	want(t, s, 412, request{"DELETE", "/v1/secrets/K", "", map[string]string{"If-Match": `"x"`}})
	want(t, reader.Server, 403, request{"GET", "/v1/secrets/K", "", nil})
	want(t, reader.Server, 403, request{"GET", "/v1/secrets/pasted-where-it-does-not-belong", "", nil})
	want(t, reader.Server, 403, request{"GET", "/v1/projects/pasted-where-it-does-not-belong/secrets", "", nil})
	want(t, s, 401, request{"GET", "/v1/secrets", "", map[string]string{"Authorization": "Bearer pasted-where-it-does-not-belong"}})
	want(t, reader.Server, 200, request{"POST", "/v1/policies/P/evaluate", `{"input":{"k":"another-0123456789-abcdef"}}`, nil})
	want(t, reader.Server, 200, request{"POST", "/v1/policies/P/evaluate", `{"input":{"k":"x"}}`, nil})
	run := want(t, reader.Server, 200, request{"POST", "/v1/scripts/S/run", `{}`, nil})
	want(t, s, 200, request{"POST", "/v1/scripts/test", `{"source":"module.exports = async (context) => context.secrets.K + context.input","input":1}`, nil})

	got := map[string]audit.Entry{}
	for _, e := range entries(t, s, "/v1", url.Values{}) {
		got[strings.Join([]string{e.Principal, e.Action, e.Scope, e.Name, string(e.Outcome)}, " ")] = e
	}
	for _, x := range []struct {
		key     string
		count   int64
		secrets []string
	}{
		{"server token.create  admin ok", 1, nil},
		{"token:admin secret.create  K ok", 1, nil},
		{"token:admin script.put  S ok", 1, nil},
		{"token:admin binding.put  authzen:* ok", 1, nil},
		{"token:admin scope.create projects/shop  ok", 1, nil},
		{"token:admin token.create  " + reader.ID + " ok", 1, nil},
		{"token:admin secret.put  K ok", 1, nil},
		{"token:admin secret.delete  K failed", 1, nil},
		{reader.Subject + " secret.read  K refused", 1, nil},
		{reader.Subject + " secret.read   refused", 2, nil},
		{" authenticate   refused", 1, nil},
		{reader.Subject + " policy.execute  P allow", 1, []string{"K"}},
		{reader.Subject + " policy.execute  P deny", 1, []string{"K"}},
		{reader.Subject + " script.execute  S ok", 1, []string{"K"}},
		{"token:admin script.test   ok", 1, []string{"K"}},
	} {
		e, ok := got[x.key]
		if !ok || e.Count != x.count || cmp.Diff(x.secrets, e.Secrets) != "" || (e.RequestID == "") == (x.count == 1 && e.Principal != "server") {
			t.Errorf("%q: %t %+v", x.key, ok, e)
		}
	}
	if e := got[reader.Subject+" script.execute  S ok"]; e.RequestID != run.Header.Get("X-Request-ID") {
		t.Errorf("the run's entry has the request %s, its answer %s", e.RequestID, run.Header.Get("X-Request-ID"))
	}
	if t.Failed() {
		t.Log(strings.Join(keysOf(got), "\n"))
	}
}

func keysOf(m map[string]audit.Entry) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}

// TestAuditIsWholeAndFiltered pages, filters, and shows a scope its own entries.
func TestAuditIsWholeAndFiltered(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	local := made(t, s, shop, "auditor")
	want(t, s, 201, request{"PUT", "/v1/projects/shop/secrets/MINE", `{"value":"another-0123456789-abcdef"}`, nil})
	for i := range 30 {
		want(t, s, 200, request{"PATCH", "/v1/projects/shop/secrets/MINE", fmt.Sprintf(`{"description":"%d"}`, i), nil})
	}
	v := audit.NewVerifier("")
	var last string
	for _, e := range entries(t, s, "/v1", url.Values{"page_size": {"7"}}) {
		if _, err := v.Add([]byte(asJSON(t, e))); err != nil {
			t.Fatalf("entry %d: %v", e.Seq, err)
		}
		last = e.Hash
	}
	report := decode[audit.Report](t, want(t, s, 200, request{"GET", "/v1/audit/verification", "", nil}).Body)
	if !report.Intact || report.Head.Hash != last {
		t.Errorf("%+v, and the last entry is %s", report, last)
	}
	if got := entries(t, s, "/v1", url.Values{"action": {"secret.update"}, "name": {"MINE"}, "outcome": {"ok"}, "principal": {"token:admin"}, "page_size": {"4"}}); len(got) != 30 {
		t.Errorf("%d updates", len(got))
	}
	for _, e := range entries(t, local.Server, "/v1/projects/shop", url.Values{}) {
		if e.Scope != "projects/shop" {
			t.Errorf("a project's auditor sees %+v", e)
		}
	}
	want(t, local.Server, 403, request{"GET", "/v1/audit", "", nil})
	want(t, local.Server, 403, request{"GET", "/v1/audit/verification", "", nil})
	for _, q := range []string{"order=up", "since=yesterday", "page_token=x", "page_token=-1", "who=me"} {
		wantProblem(t, s, http.StatusBadRequest, "invalid_request", request{"GET", "/v1/audit?" + q, "", nil})
	}
}

// TestAuditHasNoValue goes on the tour with values planted, and looks for them.
func TestAuditHasNoValue(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	first, second := "first-"+rand.Text(), "second-"+rand.Text()
	tourEverything(t, s, http.DefaultClient, first, second)
	text := asJSON(t, entries(t, s, "/v1", url.Values{"page_size": {"500"}}))
	for _, value := range []string{first, second, s.Token} {
		if strings.Contains(text, value) {
			t.Errorf("the audit log has %s", value)
		}
	}
	if len(text) < 10_000 {
		t.Errorf("only %d bytes were looked at", len(text))
	}
}
