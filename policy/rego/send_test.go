package rego_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/reticent/reticent/policy/rego"
	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// host is a server that answers what it was sent, and counts.
func host(t *testing.T) (url, rule string, count *atomic.Int64) {
	t.Helper()
	count = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := count.Add(1)
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/slow":
			<-r.Context().Done()
			return
		case "/moved":
			http.Redirect(w, r, "/there", http.StatusFound)
			return
		case "/yaml":
			w.Header().Set("Content-Type", "application/yaml")
			_, _ = io.WriteString(w, "a: [1, 2]\n")
			return
		case "/text":
			_, _ = io.WriteString(w, `{"a": 1}`)
			return
		case "/broken":
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"a": `)
			return
		case "/missing":
			w.WriteHeader(http.StatusNotFound)
		case "/failing":
			w.WriteHeader(http.StatusInternalServerError)
		case "/fresh":
			w.Header().Set("Cache-Control", "max-age=60")
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(w).Encode(object{"n": n, "auth": r.Header.Get("Authorization"), "body": string(body), "method": r.Method, "type": r.Header.Get("Content-Type"), "query": r.URL.RawQuery})
	}))
	t.Cleanup(s.Close)
	return s.URL, s.URL, count
}

// sends binds a module that may send.
func sends(t *testing.T, module string, secrets object) *rego.Policy {
	t.Helper()
	client, err := egress.New(egress.Config{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	program, err := rego.Compile(rego.Source{Modules: map[string]string{"policy.rego": "package acp.authz\n" + module}})
	if err != nil {
		t.Fatal(err)
	}
	used := object{}
	for _, name := range program.Secrets() {
		used[name] = secrets[name]
	}
	p, err := program.Bind(t.Context(), sealtest.Set(t, used), nil, client)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestHTTPSend(t *testing.T) {
	url, rule, _ := host(t)
	secrets := object{
		"TOKEN": sealtest.Secret{Value: `t0ken"with-a-quote/Zq81x`, Hosts: []string{rule}, In: []seal.Position{"header", "body"}},
		"HOME":  sealtest.Secret{Value: "h0me-stays-Zq81xWv7LmP0", Hosts: []string{"example.org"}},
	}
	for _, c := range []struct {
		policy  string
		allowed bool
		code    seal.Code
	}{
		{`allow if { r := http.send({"method": "GET", "url": U}); r.status_code == 200; r.body.n > 0; r.status == "200 OK"; startswith(r.headers["content-type"][0], "application/json"); contains(r.raw_body, "method") }`, true, ""},
		{`allow if { r := http.send({"method": "get", "url": U, "headers": {"Authorization": concat(" ", ["Bearer", data.secrets.TOKEN])}}); r.body.auth == concat(" ", ["Bearer", data.secrets.TOKEN]) }`, true, ""},
		{`allow if { r := http.send({"method": "POST", "url": U, "body": {"t": data.secrets.TOKEN}}); r.body.type == "application/json"; r.body.method == "POST" }
output := http.send({"method": "POST", "url": U, "body": {"t": data.secrets.TOKEN}})`, true, ""},
		{`allow if { r := http.send({"method": "POST", "url": U, "raw_body": "x=1"}); r.body.body == "x=1" }`, true, ""},
		{`allow if { r := http.send({"method": "GET", "url": concat("", [U, "/missing"])}); r.status_code == 404; r.status == "404 Not Found" }`, true, ""},
		{`allow if { r := http.send({"method": "GET", "url": concat("", [U, "/moved"])}); r.status_code == 302 }`, true, ""},
		{`allow if { r := http.send({"method": "GET", "url": concat("", [U, "/moved"]), "enable_redirect": true}); r.status_code == 200 }`, true, ""},
		{`allow if { r := http.send({"method": "GET", "url": concat("", [U, "/yaml"])}); r.body.a == [1, 2] }`, true, ""},
		{`allow if { r := http.send({"method": "GET", "url": concat("", [U, "/text"])}); r.body == null; r.raw_body == "{\"a\": 1}" }`, true, ""},
		{`allow if { r := http.send({"method": "GET", "url": concat("", [U, "/text"]), "force_json_decode": true}); r.body.a == 1 }`, true, ""},
		{`allow if { r := http.send({"method": "GET", "url": concat("", [U, "/broken"])}); r.body == null }`, true, ""},
		{`allow if { r := http.send({"method": "GET", "url": "http://127.0.0.1:1/", "raise_error": false}); r.status_code == 0; r.error.code == "eval_http_send_network_error" }`, true, ""},
		{`allow if { not http.send({"method": "GET", "url": "http://127.0.0.1:1/"}).status_code == 200 }`, false, "egress_failed"},
		{`allow if { http.send({"method": "GET", "url": concat("", [U, "/slow"]), "timeout": "20ms", "raise_error": false}).status_code == 0 }`, true, ""},
		{`allow if { http.send({"method": "GET", "url": U, "headers": {"Authorization": data.secrets.HOME}}).status_code == 200 }`, false, "egress_denied"},
		{`allow if { http.send({"method": "GET", "url": concat("", [U, "/?t=", urlquery.encode(data.secrets.TOKEN)]), "raise_error": false}).status_code == 0 }`, false, "egress_denied"},
		{`allow if { http.send({"method": "GET", "url": U, "tls_ca_cert_file": "/etc/passwd"}) }`, false, "builtin_failed"},
		{`allow if { http.send({"method": "GET", "url": U, "tls_client_cert_env_variable": "HOME"}) }`, false, "builtin_failed"},
		{`allow if { http.send({"method": "GET", "url": U, "other": 1}) }`, false, "builtin_failed"},
		{`allow if { http.send({"url": U}) }`, false, "builtin_failed"},
		{`allow if { http.send({"method": "GET", "url": "http://169.254.169.254/"}) }`, false, "egress_denied"},
		{`allow if { http.send({"method": "GET", "url": "file:///etc/passwd"}) }`, false, "egress_denied"},
		{`allow if { http.send({"method": "GET", "url": data.secrets.TOKEN}) }`, false, "egress_denied"},
		{`allow if { startswith(http.send({"method": "GET", "url": U, "headers": {"Authorization": data.secrets.TOKEN}}).body.auth, "t0k") }`, false, "sealed_secret_inspected"},
		{`allow if { every i in numbers.range(1, 16) { http.send({"method": "GET", "url": sprintf("%s/?%d", [U, i])}).status_code == 200 } }`, true, ""},
		{`allow if { every i in numbers.range(1, 17) { http.send({"method": "GET", "url": sprintf("%s/?%d", [U, i])}).status_code == 200 } }`, false, "limit_exceeded"},
		{`allow if check with http.send as mock
check if http.send({"method": "GET", "url": "http://nowhere.invalid"}).status_code == 299
mock(_) := {"status_code": 299}`, true, ""},
	} {
		p := sends(t, "U := \""+url+"\"\n"+c.policy, secrets)
		got := evaluate(t, p, object{})
		code := seal.Code("")
		if got.Err != nil {
			code = got.Err.Code
		}
		if got.Decision != c.allowed || code != c.code {
			t.Errorf("%s\ngot %v %v, want %v %s", c.policy, got.Decision, got.Err, c.allowed, c.code)
		}
		text, _ := json.Marshal(got)
		if strings.Contains(string(text), "t0ken") || strings.Contains(string(text), "h0me") || strings.Contains(string(text), "rsv_") {
			t.Errorf("%s\ntells %s", c.policy, text)
		}
	}
}

// What a host answers is sealed against secrets that it may have, whether the
// policy names them or not.
func TestResponsesAreSealed(t *testing.T) {
	url, rule, _ := host(t)
	other := sealtest.New(t, "OTHER", sealtest.Secret{Value: "0ther-Zq81xWv7LmP0sTt4", Hosts: []string{rule}})
	p := sends(t, `output := {"body": http.send({"method": "POST", "url": "`+url+`", "raw_body": input.echo}).body}
allow if { startswith(output.body.body, "0ther") }`, nil)
	raw, _ := json.Marshal(object{"echo": "0ther-Zq81xWv7LmP0sTt4"})
	got := p.Evaluate(t.Context(), raw, seal.Options{Hosts: func(seal.Target) []*seal.Secret { return []*seal.Secret{other} }})
	if got.Decision || got.Err == nil || got.Err.Code != seal.CodeInspected {
		t.Errorf("%v %v", got.Decision, got.Err)
	}
	p = sends(t, `output := {"body": http.send({"method": "POST", "url": "`+url+`", "raw_body": input.echo, "force_cache": true, "force_cache_duration_seconds": 60}).body}
allow if true`, nil)
	for range 2 {
		got = p.Evaluate(t.Context(), raw, seal.Options{Hosts: func(seal.Target) []*seal.Secret { return []*seal.Secret{other} }})
		if text, _ := json.Marshal(got.Output); !strings.Contains(string(text), `"body":"***"`) {
			t.Errorf("%s", text)
		}
	}
}

// One and the same request is sent once in an evaluation, and again in the next
// unless the policy lets its answer be kept.
func TestSendCaches(t *testing.T) {
	url, rule, count := host(t)
	secrets := object{"TOKEN": sealtest.Secret{Value: "t0ken-Zq81xWv7LmP0sTt4", Hosts: []string{rule}}}
	for _, c := range []struct {
		request string
		want    int64 // of three evaluations, each asking twice
	}{
		{`{"method": "GET", "url": "U"}`, 3},
		{`{"method": "GET", "url": "U", "cache": true}`, 3},
		{`{"method": "GET", "url": "U/fresh"}`, 3},
		{`{"method": "GET", "url": "U/fresh", "cache": true}`, 1},
		{`{"method": "GET", "url": "U", "force_cache": true, "force_cache_duration_seconds": 60}`, 1},
		{`{"method": "GET", "url": "U", "force_cache": true, "force_cache_duration_seconds": 0}`, 0},
		{`{"method": "GET", "url": "U/failing", "force_cache": true, "force_cache_duration_seconds": 60}`, 3},
		{`{"method": "GET", "url": "U/text", "headers": {"Authorization": data.secrets.TOKEN}, "force_cache": true, "force_cache_duration_seconds": 60}`, 1},
		{`{"method": "GET", "url": "U", "headers": {"Authorization": data.secrets.TOKEN}, "force_cache": true, "force_cache_duration_seconds": 60}`, 3},
		{`{"method": "GET", "url": "U/text", "headers": {"X-Id": input.id}, "force_cache": true, "force_cache_duration_seconds": 60}`, 3},
		{`{"method": "GET", "url": "U/text", "headers": {"X-Id": input.id}, "cache_ignored_headers": ["X-Id"], "force_cache": true, "force_cache_duration_seconds": 60}`, 1},
	} {
		request := strings.ReplaceAll(c.request, "U", url)
		p := sends(t, "f(x) := http.send("+request+").raw_body\nallow if f(1) == f(2)", secrets)
		count.Store(0)
		for i := range 3 {
			got := evaluate(t, p, object{"id": fmt.Sprint(i)})
			if c.want > 0 && !got.Decision {
				t.Errorf("%s: %v", c.request, got.Err)
			}
		}
		if got := count.Load(); got != c.want {
			t.Errorf("%s: sent %d times, want %d", c.request, got, c.want)
		}
	}
}

// A request ends with the evaluation that waits for it.
func TestSendIsCancelled(t *testing.T) {
	url, _, count := host(t)
	p := sends(t, `allow if http.send({"method": "GET", "url": "`+url+`/slow", "raise_error": false})`, nil)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for count.Load() == 0 {
			continue
		}
		cancel()
	}()
	if got := p.Evaluate(ctx, nil, seal.Options{}); got.Decision || got.Err == nil || got.Err.Code != "evaluation_timeout" {
		t.Errorf("%v %v", got.Decision, got.Err)
	}
}

// Waiting for a request is no evaluation: what follows has its time.
func TestSendStopsTheClock(t *testing.T) {
	url, _, _ := host(t)
	p := sends(t, `allow if {
	http.send({"method": "GET", "url": "`+url+`/slow", "timeout": 1100000000, "raise_error": false}).status_code == 0
	http.send({"method": "GET", "url": "`+url+`"}).status_code == 200
}`, nil)
	if got := evaluate(t, p, object{}); !got.Decision {
		t.Errorf("%v", got.Err)
	}
}

// Without a client nothing is sent.
func TestSendNeedsAClient(t *testing.T) {
	p := bind(t, `package acp.authz
allow if http.send({"method": "GET", "url": "http://127.0.0.1:1/", "raise_error": false})`, nil)
	if got := evaluate(t, p, object{}); got.Decision || got.Err == nil || got.Err.Code != seal.CodeEgressDenied {
		t.Errorf("%v %v", got.Decision, got.Err)
	}
}
