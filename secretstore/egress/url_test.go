package egress

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore/seal"
)

func TestURLsHaveOneSpelling(t *testing.T) {
	for in, want := range map[string]string{
		"https://example.com":                          "https://example.com/",
		"HTTPS://EXAMPLE.com:443/":                     "https://example.com/",
		"http://example.com:80":                        "http://example.com/",
		"https://example.com:8443/a":                   "https://example.com:8443/a",
		"https://example.com./a":                       "https://example.com/a",
		"https://example.com:/a":                       "https://example.com/a",
		"https://bücher.example/":                      "https://xn--bcher-kva.example/",
		"https://ＥＸＡＭＰＬＥ.com/":                         "https://example.com/",
		"https://[2606:4700::1]/":                      "https://[2606:4700::1]/",
		"https://[2606:4700:0:0::1]:8443":              "https://[2606:4700::1]:8443/",
		"https://[::ffff:1.2.3.4]/":                    "https://1.2.3.4/",
		"https://1.2.3.4/":                             "https://1.2.3.4/",
		"https://example.com?a=1":                      "https://example.com/?a=1",
		"https://example.com/a?":                       "https://example.com/a?",
		"https://example.com/a#frag?x":                 "https://example.com/a",
		"https://example.com#@evil.example/":           "https://example.com/",
		"https://example.com/a/../b/./c/%2e%2E/d":      "https://example.com/b/d",
		"https://example.com/../..":                    "https://example.com/",
		"https://example.com/a/.":                      "https://example.com/a/",
		"https://example.com//admin/x":                 "https://example.com//admin/x",
		"https://example.com/a%2Fb;c=d":                "https://example.com/a%2Fb;c=d",
		"https://example.com/100%/ü|^`{}\"<>":          "https://example.com/100%25/%C3%BC%7C%5E%60%7B%7D%22%3C%3E",
		"https://example.com/?q=ü'\"<>&x=%zz+{}":       "https://example.com/?q=%C3%BC%27%22%3C%3E&x=%25zz+%7B%7D",
		"https://example.com/?next=https://evil.test/": "https://example.com/?next=https://evil.test/",
		"https://example.com/@x:y":                     "https://example.com/@x:y",
	} {
		loc, err := parseURL(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got := loc.String(); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
		if got := loc.url().String(); got != want {
			t.Errorf("%s: net/url spells it %s, want %s", in, got, want)
		}
	}
}

// oddURLs are spellings that URL parsers have been made to disagree about.
var oddURLs = []string{
	"", "/", "example.com", "//example.com/", "https:example.com", "https:/example.com", "https:///example.com",
	"https://", "https://?", "https://#x", "https://:443/", "https://.", "https://..", "https://a..b/",
	"ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "javascript:alert(1)", "data:,x", "unix:///run/x",
	"https://user@example.com/", "https://user:pass@example.com/", "https://@example.com/", "https://example.com@evil.test/",
	"https://example.com:443@evil.test/", "https://evil.test\\@example.com/", "https:\\\\example.com\\", "https://example.com\\@evil.test",
	" https://example.com/", "https://example.com/ ", "https://exam ple.com/", "https://example.com/a b", "https://example.com\t/", "https://example.com/\r\nX: y", "https://example.com/\x00", "https://example.com/\x7f",
	"ht\ttps://example.com/", "https://exa\nmple.com/",
	"https://example.com:0/", "https://example.com:65536/", "https://example.com:-1/", "https://example.com:+443/", "https://example.com:0443/", "https://example.com:443:443/", "https://example.com:4a/", "https://example.com:４４３/",
	"https://%65xample.com/", "https://example.com%2f@evil.test/", "https://127.0.0.1%00.example.com/", "https://example.com%23.evil.test/",
	"https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0x7F.1/", "https://017700000001/", "https://0177.0.0.1/", "https://127.1/", "https://127.0.1/", "https://127.0.0.01/", "https://0/", "https://127.0.0.1./", "https://127.0.0.1../", "https://1.2.3.4.5/", "https://1.2.3/", "https://256.1.1.1/", "https://4294967296/", "https://example.0x/", "https://example.1/",
	"https://①②⑦.⓪.⓪.①/", "https://1２7.0.0.1x.１/", "https://127。0。0。1x。1/",
	"https://[::1/", "https://::1/", "https://[::1]x/", "https://[::1%25eth0]/", "https://[fe80::1%eth0]/", "https://[127.0.0.1]/", "https://[::1]]/", "https://[[::1]]/", "https://[example.com]/", "https://[]/", "https://[::ffff:0x7f.0.0.1]/", "https://[v1.fe80::a]/", "https://[::1]:/@x:[/\\",
	"https://-example.com/", "https://exa_mple-.com/", "https://exam*ple.com/", "https://exa<mple.com/", "https://a,b/", "https://a;b/", "https://example.com;evil.test/", "https://xn--a/", "https://a\u200db.example\uff0f.test/",
	"https://example.com／evil.test/", "https://example.com？.evil.test/", "https://example.com＃.evil.test/", "https://example.com＠evil.test/",
	"https://" + strings.Repeat("a", 64) + ".example/", "https://" + strings.Repeat("a.", 130) + "example/", "https://example.com/" + strings.Repeat("a", MaxURLBytes),
}

func TestOddURLsAreRefused(t *testing.T) {
	c := newClient(t, Config{AllowLoopback: true, Resolver: noResolver(t)})
	for _, in := range oddURLs {
		if loc, err := parseURL(in); err == nil {
			t.Errorf("%q was read as %s", in, loc)
			continue
		}
		if err := refusal(t, c, noSecrets(t), Request{URL: in}); err.Code != seal.CodeEgressDenied {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestRequestTargetIsSentAsItIsSpelt(t *testing.T) {
	var last seen
	s, host := plainServer(t, recorder(&last))
	c := newClient(t, Config{AllowLoopback: true})
	for in, want := range map[string]string{
		"//admin/x":      "//admin/x",
		"/a%2fb;c//d":    "/a%2fb;c//d",
		"/?":             "/?",
		"":               "/",
		"?a[]=b%20c+d&e": "/?a[]=b%20c+d&e",
		"/%zz/ü":         "/%25zz/%C3%BC",
		"/*":             "/*",
		"/a/%2e%2e/b":    "/b",
		"/:x@y/[1]/!$()": "/:x@y/[1]/!$()",
	} {
		resp := send(t, c, noSecrets(t), Request{URL: s.URL + in})
		if diff := cmp.Diff([]string{want, host}, []string{last.URI, last.Host}); diff != "" {
			t.Errorf("%s: -want +got\n%s", in, diff)
		}
		if resp.URL != s.URL+want {
			t.Errorf("%s: response.url is %s, want %s", in, resp.URL, s.URL+want)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	for _, s := range oddURLs {
		f.Add(s)
	}
	for _, s := range []string{"https://example.com/a?b#c", "http://[::1]:80/%2e/x", "https://bücher.example./?a=%zz", "https://1.2.3.4:8080//x/../y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		loc, err := parseURL(s)
		if err != nil {
			return
		}
		spelt := loc.String()
		// The parsers that stand between here and the wire agree on the host.
		std, err := url.Parse(spelt)
		if err != nil {
			t.Fatalf("net/url refuses %q: %v", spelt, err)
		}
		if std.Scheme != loc.scheme || std.Hostname() != loc.host || std.User != nil || std.Fragment != "" {
			t.Fatalf("%q: net/url reads host %q, checked was %q", spelt, std.Hostname(), loc.host)
		}
		if port := std.Port(); port == "" && loc.port != defaultPort(loc.scheme) {
			t.Fatalf("%q: net/url reads no port, checked was %d", spelt, loc.port)
		}
		req, err := http.NewRequest("GET", spelt, nil)
		if err != nil {
			t.Fatalf("net/http refuses %q: %v", spelt, err)
		}
		if req.URL.Host != loc.url().Host || req.Host != loc.authority() {
			t.Fatalf("%q: net/http would send to %q, checked was %q", spelt, req.Host, loc.authority())
		}
		// So does the parser that the author may have had in mind.
		if std, err := url.Parse(s); err == nil && strings.Contains(s, "://") {
			host, err := seal.NormalizeHost(bracketed(std.Hostname()))
			if err != nil || host != loc.host {
				t.Fatalf("%q: net/url reads host %q, checked was %q", s, std.Hostname(), loc.host)
			}
		}
		// One spelling: reading it again gives the same.
		again, err := parseURL(spelt)
		if len(spelt) > MaxURLBytes {
			return // encoding made it longer
		}
		if err != nil || again != loc {
			t.Fatalf("%q read again is %q (%v)", spelt, again, err)
		}
		if got := loc.url().EscapedPath(); got != loc.path {
			t.Fatalf("%q: net/http sends path %q, not %q", s, got, loc.path)
		}
	})
}

func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}
