package egress

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

const keyValue = "sk_" + canary + "/+=?&#%41 \"ü"

func TestSecretsArriveWhereTheyMayStand(t *testing.T) {
	var last seen
	s, host := plainServer(t, recorder(&last))
	run, tokens := newRun(t, map[string]any{
		"KEY": sealtest.Secret{Value: keyValue, Hosts: []string{"http://" + host}, In: everywhere},
	})
	c := newClient(t, Config{AllowLoopback: true})
	key := tokens["KEY"]
	basic, err := run.Derive(seal.Base64, "user:"+key)
	if err != nil {
		t.Fatal(err)
	}
	form, err := run.Derive(seal.Form, key)
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := run.Derive(seal.JSONString, key)
	if err != nil {
		t.Fatal(err)
	}
	resp := send(t, c, run, Request{
		Method: "post",
		URL:    s.URL + "/a/" + key + "/b?k=" + form + "&raw=" + key,
		Header: http.Header{"authorization": {"Basic " + basic}, "X-Key": {key, "v=" + key}, "Content-Type": {"application/json"}},
		Body:   []byte(`{"k":"` + quoted + `"}`),
	})
	want := seen{
		Method: "POST",
		URI:    "/a/sk_" + canary + "/+=%3F&%23%41%20%22%C3%BC/b?k=sk_" + canary + "%2F%2B%3D%3F%26%23%2541+%22%C3%BC&raw=sk_" + canary + "/+=?&%23%41%20%22%C3%BC",
		Host:   host,
		Body:   `{"k":"sk_` + canary + `/+=?&#%41 \"ü"}`,
		Header: http.Header{
			"Accept": {"*/*"}, "Accept-Encoding": {"gzip"}, "User-Agent": {"reticent"},
			"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+keyValue))},
			"X-Key":         {keyValue, "v=" + keyValue}, "Content-Type": {"application/json"},
			"Content-Length": last.Header["Content-Length"],
		},
	}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if want := s.URL + "/a/" + key + "/b?k=" + form + "&raw=" + key; resp.URL != want {
		t.Errorf("response.url is %s, want %s", resp.URL, want)
	}
}

func TestPositions(t *testing.T) {
	var last seen
	s, host := plainServer(t, recorder(&last))
	c := newClient(t, Config{AllowLoopback: true})
	jsonType := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	formType := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for _, tc := range []struct {
		name string
		in   seal.Position // "" is the default
		req  func(key string) Request
		ok   bool
	}{
		{"header by default", "", func(k string) Request { return Request{Header: http.Header{"X-Key": {"Bearer " + k}}} }, true},
		{"not in a query by default", "", func(k string) Request { return Request{URL: "/?" + k} }, false},
		{"not in a path by default", "", func(k string) Request { return Request{URL: "/" + k} }, false},
		{"not in a body by default", "", func(k string) Request { return Request{Body: []byte(k)} }, false},
		{"query", seal.Query, func(k string) Request { return Request{URL: "/?" + k} }, true},
		{"query is not path", seal.Query, func(k string) Request { return Request{URL: "/" + k} }, false},
		{"query is not header", seal.Query, func(k string) Request { return Request{Header: http.Header{"X": {k}}} }, false},
		{"path", seal.Path, func(k string) Request { return Request{URL: "/a/" + k} }, true},
		{"body", seal.Body, func(k string) Request { return Request{Body: []byte("x" + k)} }, true},
		{"body holds pointers", seal.Body, func(k string) Request { return Request{Header: jsonType, Body: []byte(`{"a":["` + k + `"]}`)} }, true},
		{"a fragment is not sent", "", func(k string) Request { return Request{URL: "/#" + k} }, true},
		{"pointer", "body:/a/0", func(k string) Request { return Request{Header: jsonType, Body: []byte(`{"a":["` + k + `"]}`)} }, true},
		{"pointer with escapes", "body:/a~1b", func(k string) Request { return Request{Header: jsonType, Body: []byte(`{"a/b":"x` + k + `"}`)} }, true},
		{"pointer without a type", "body:/a", func(k string) Request { return Request{Body: []byte(`{"a":"` + k + `"}`)} }, true},
		{"pointer as vendor type", "body:/a", func(k string) Request {
			return Request{Header: http.Header{"Content-Type": {"application/vnd.x+json"}}, Body: []byte(`{"a":"` + k + `"}`)}
		}, true},
		{"another pointer", "body:/a", func(k string) Request { return Request{Header: jsonType, Body: []byte(`{"a":{"a":"` + k + `"}}`)} }, false},
		{"two places, one allowed", "body:/a", func(k string) Request {
			return Request{Header: jsonType, Body: []byte(`{"a":"` + k + `","note":"` + k + `"}`)}
		}, false},
		{"a member's name", "body:/a", func(k string) Request { return Request{Header: jsonType, Body: []byte(`{"a":{"` + k + `":1}}`)} }, false},
		{"the name itself", "body:/a", func(k string) Request { return Request{Header: jsonType, Body: []byte(`{"` + k + `":"a"}`)} }, false},
		{"a bare string", "body:/a", func(k string) Request { return Request{Header: jsonType, Body: []byte(`"` + k + `"`)} }, false},
		{"hidden behind an escape", "body:/a", func(k string) Request { return Request{Header: jsonType, Body: []byte(`{"a":"","note":"\` + k + `"}`)} }, false},
		{"duplicate names", "body:/a", func(k string) Request { return Request{Header: jsonType, Body: []byte(`{"a":"x","a":"` + k + `"}`)} }, false},
		{"two values", "body:/a", func(k string) Request { return Request{Header: jsonType, Body: []byte(`{"a":"` + k + `"}{}`)} }, false},
		{"not JSON", "body:/a", func(k string) Request { return Request{Header: jsonType, Body: []byte(`{"a":"` + k + `",}`)} }, false},
		{"as a form", "body:/a&note=", func(k string) Request { return Request{Header: formType, Body: []byte(`{"a&note=":"` + k + `"}`)} }, false},
		{"in another character set", "body:/a", func(k string) Request {
			return Request{Header: http.Header{"Content-Type": {"application/json; charset=utf-7"}}, Body: []byte(`{"a":"` + k + `"}`)}
		}, false},
		{"of two types", "body:/a", func(k string) Request {
			return Request{Header: http.Header{"Content-Type": {"application/json"}, "content-type": {"application/x-www-form-urlencoded"}}, Body: []byte(`{"a":"` + k + `"}`)}
		}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			secret := sealtest.Secret{Value: "key-" + canary + "-0123456789", Hosts: []string{"http://" + host}}
			if tc.in != "" {
				secret.In = []seal.Position{tc.in}
			}
			run, tokens := newRun(t, map[string]any{"KEY": secret})
			req := tc.req(tokens["KEY"])
			req.Method, req.URL = "POST", s.URL+req.URL
			if tc.ok {
				send(t, c, run, req)
				return
			}
			if err := refusal(t, c, run, req); err.Code != seal.CodeEgressDenied || !strings.Contains(err.Message, "KEY") {
				t.Error(err)
			}
		})
	}
}

func TestOtherHostsGetNoSecret(t *testing.T) {
	var last seen
	s, host := plainServer(t, recorder(&last))
	secure, secureHost := tlsServer(t, recorder(&last))
	c := newClient(t, Config{AllowLoopback: true}, secure)
	for name, tc := range map[string]struct{ allowed, url string }{
		"nowhere":           {"", s.URL},
		"another host":      {"http://localhost" + host[strings.IndexByte(host, ':'):], s.URL},
		"another port":      {"http://127.0.0.1", s.URL},
		"https means https": {host, s.URL},
		"http means http":   {"http://" + secureHost, secure.URL},
	} {
		secret := sealtest.Secret{Value: "key-" + canary + "-0123456789"}
		if tc.allowed != "" {
			secret.Hosts = []string{tc.allowed}
		}
		run, tokens := newRun(t, map[string]any{"KEY": secret})
		err := refusal(t, c, run, Request{URL: tc.url, Header: http.Header{"X-Key": {tokens["KEY"]}}})
		if err.Code != seal.CodeEgressDenied || !strings.Contains(err.Message, "allowed_hosts") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if last.Method != "" {
		t.Error("a request was sent")
	}
}

func TestSecretsCanNotSteerTheRequest(t *testing.T) {
	run, tokens := newRun(t, map[string]any{
		"KEY": sealtest.Secret{Value: "key" + canary + "0123456789abc", Hosts: []string{"example.com"}, In: everywhere},
	})
	key := tokens["KEY"]
	c := newClient(t, Config{AllowLoopback: true, Resolver: noResolver(t)})
	for _, req := range []Request{
		{URL: key + "://example.com/"},
		{URL: "https://" + key},
		{URL: "https://" + key + "/"},
		{URL: "https://" + key + ".example.com/"},
		{URL: "https://example.com." + key + "/"},
		{URL: "https://example.com:" + key + "/"},
		{URL: "https://" + key + "@example.com/"},
		{URL: "https://user:" + key + "@example.com/"},
		{URL: "https://" + strings.ToUpper(key) + ".example.com/"},
		{URL: "https://" + strings.Replace(key, "rsv", "ｒｓｖ", 1) + "/"},
		{URL: "https://%72" + key[1:] + "/"},
		{URL: "https:" + key},
		{URL: key},
		{URL: key + "/x"},
		{URL: "x" + key},
		{URL: key + key},
		{Method: key, URL: "https://example.com/"},
		{Method: "GET" + key, URL: "https://example.com/"},
		{URL: "https://example.com/", Header: http.Header{key: {"x"}}},
		{URL: "https://example.com/", Header: http.Header{"X-" + strings.ToUpper(key): {"x"}}},
		{URL: "https://example.com/", Header: http.Header{"Host": {key}}},
	} {
		if err := refusal(t, c, run, req); err.Code != seal.CodeEgressDenied {
			t.Errorf("%s %s: %v", req.Method, req.URL, err)
		}
	}
}

func TestSecretURL(t *testing.T) {
	var last seen
	s, host := plainServer(t, recorder(&last))
	hook := s.URL + "/services/T0/" + canary + "?x=1#frag"
	c := newClient(t, Config{AllowLoopback: true})
	newHook := func(value string, hosts []string, in ...seal.Position) (*seal.Run, string) {
		run, tokens := newRun(t, map[string]any{"HOOK": sealtest.Secret{Value: value, Hosts: hosts, In: in}})
		return run, tokens["HOOK"]
	}
	run, token := newHook(hook, []string{"http://" + host}, seal.Path)
	resp := send(t, c, run, Request{Method: "POST", URL: token, Body: []byte("hello")})
	if last.URI != "/services/T0/"+canary+"?x=1" || last.Body != "hello" || last.Host != host {
		t.Errorf("the host saw %+v", last)
	}
	if resp.URL != token {
		t.Errorf("response.url is %s, want the surrogate", resp.URL)
	}

	// What is wrong with it does not show: the errors are the same.
	errs := make(map[string]bool)
	for _, tc := range []struct {
		value string
		hosts []string
		in    seal.Position
	}{
		{hook, nil, seal.Path},
		{hook, []string{"http://example.com"}, seal.Path},
		{hook, []string{host}, seal.Path},
		{hook, []string{"http://" + host}, seal.Header},
		{"no URL: " + canary, []string{"http://" + host}, seal.Path},
		{"https://user:" + canary + "@" + host, []string{"http://" + host}, seal.Path},
		{"https://" + canary + ".example.com:99999/", []string{"http://" + host}, seal.Path},
	} {
		run, token := newHook(tc.value, tc.hosts, tc.in)
		errs[refusal(t, c, run, Request{URL: token}).Error()] = true
	}
	if len(errs) != 1 {
		t.Errorf("errors differ: %v", errs)
	}
	// Its host can't be guessed at either.
	refusal(t, c, run, Request{URL: token, Header: http.Header{"Host": {host}}})

	// Nor does it show when it is out of reach, or nothing answers.
	run, token = newHook("http://"+canary+".example/hook", []string{"http://" + canary + ".example"}, seal.Path)
	for _, answers := range [][]string{{"10.0.0.1"}, nil} {
		resolver, _ := dnsServer(t, answers...)
		err := refusal(t, newClient(t, Config{Resolver: resolver}), run, Request{URL: token})
		if !strings.Contains(err.Message, "the host of secret HOOK") {
			t.Error(err)
		}
	}
}

func TestHeaderInjection(t *testing.T) {
	var last seen
	s, host := plainServer(t, recorder(&last))
	c := newClient(t, Config{AllowLoopback: true})
	for _, bad := range []string{"\r\n", "\n", "\r", "\x00", "\x01", "\x7f", "\t"} {
		run, tokens := newRun(t, map[string]any{
			"KEY": sealtest.Secret{Value: "key-" + canary + bad + "X-Injected: 1", Hosts: []string{"http://" + host}, In: everywhere},
		})
		for _, req := range []Request{
			{URL: s.URL, Header: http.Header{"X-Key": {tokens["KEY"]}}},
			{URL: s.URL + "/" + tokens["KEY"]},
			{URL: s.URL + "/?" + tokens["KEY"]},
			{URL: s.URL, Header: http.Header{"X-Key": {"a" + bad + "b"}}},
			{URL: s.URL, Header: http.Header{"X-Key" + bad: {"b"}}},
			{URL: s.URL, Method: "GET" + bad},
			{URL: s.URL + "/" + bad},
		} {
			if err := refusal(t, c, run, req); err.Code != seal.CodeEgressDenied {
				t.Errorf("%q: %v", bad, err)
			}
		}
		// A body may hold anything.
		send(t, c, run, Request{Method: "POST", URL: s.URL, Body: []byte(tokens["KEY"])})
	}
}

func TestHeadersThatTheClientControls(t *testing.T) {
	var last seen
	s, host := plainServer(t, recorder(&last))
	c := newClient(t, Config{AllowLoopback: true})
	for _, name := range []string{
		"Range", "If-Range", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Expect", "Digest", "Content-Digest", "Repr-Digest",
		"Content-MD5", "Want-Digest", "want-content-digest", "Want-Repr-Digest", "Proxy-Authorization", "proxy-connection", "", "a b", "a:b", "ü",
	} {
		if err := refusal(t, c, noSecrets(t), Request{URL: s.URL, Header: http.Header{name: {"x"}}}); err.Code != seal.CodeEgressDenied {
			t.Errorf("%s: %v", name, err)
		}
	}
	refusal(t, c, noSecrets(t), Request{URL: s.URL, Header: http.Header{"Host": {"other.example"}}})
	for _, method := range []string{"CONNECT", "TRACE", "trace", "TRACK", "G T", "GET/", "É"} {
		refusal(t, c, noSecrets(t), Request{URL: s.URL, Method: method})
	}
	send(t, c, noSecrets(t), Request{URL: s.URL, Method: "POST", Body: []byte("body"), Header: http.Header{
		"Accept-Encoding": {"br"}, "Content-Length": {"1"}, "Connection": {"upgrade"}, "keep-alive": {"1"}, "Host": {strings.ToUpper(host)},
		"User-Agent": {"mine"}, "Accept": {"text/html"},
	}})
	want := http.Header{"Accept": {"text/html"}, "Accept-Encoding": {"gzip"}, "User-Agent": {"mine"}, "Content-Length": {"4"}}
	last.Header.Del("Connection")
	if diff := cmp.Diff(want, last.Header); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
