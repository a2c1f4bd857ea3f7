package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

const failing = "key-" + canary + "-0123456789"

// failureOf sends a secret to an address and gives the reason of the failure.
// Neither it nor the log may hold the secret.
func failureOf(t *testing.T, cfg Config, req Request, rule string, trusted ...*httptest.Server) string {
	t.Helper()
	var logged lockedBuffer
	cfg.Logger = textLogger(&logged)
	if len(cfg.Allow) == 0 {
		cfg.AllowLoopback = true
	}
	run, tokens := newRun(t, map[string]any{"KEY": sealtest.Secret{Value: failing, Hosts: []string{rule}, In: everywhere}})
	req.URL += "/" + tokens["KEY"] + "?" + tokens["KEY"]
	req.Header = http.Header{"X-Key": {tokens["KEY"]}}
	err := refusal(t, newClient(t, cfg, trusted...), run, req)
	if strings.Contains(logged.String(), canary) {
		t.Errorf("the log holds the plaintext: %s", logged.String())
	}
	if err.Code != seal.CodeEgressFailed {
		t.Fatal(err)
	}
	_, reason, _ := strings.Cut(err.Message, " failed: ")
	return reason
}

func TestFailuresAreConstant(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	secure, secureHost := tlsServer(t, echo)
	_, plainHost := plainServer(t, echo)
	resolver, _ := dnsServer(t)
	oldTLS := httptest.NewUnstartedServer(http.HandlerFunc(echo))
	oldTLS.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10} //nolint:gosec // an outdated server
	oldTLS.StartTLS()
	t.Cleanup(oldTLS.Close)
	_, port, _ := net.SplitHostPort(secureHost)
	named, _ := dnsServer(t, "127.0.0.1")

	for name, tc := range map[string]struct {
		cfg     Config
		url     string
		trusted []*httptest.Server
		want    string
	}{
		"nothing listens":       {url: "http://" + closed.Addr().String(), want: whyRefused},
		"no such name":          {url: "http://nowhere.example", cfg: Config{Resolver: resolver}, want: whyName},
		"unknown authority":     {url: secure.URL, want: whyTLS},
		"certificate's name":    {url: "https://other.test:" + port, cfg: Config{Resolver: named}, trusted: []*httptest.Server{secure}, want: whyTLS},
		"old TLS":               {url: oldTLS.URL, trusted: []*httptest.Server{oldTLS}, want: whyTLS},
		"TLS to a plain server": {url: "https://" + plainHost, want: whyTLS},
	} {
		if got := failureOf(t, tc.cfg, Request{URL: tc.url}, tc.url, tc.trusted...); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// Servers that break the protocol in the middle of repeating a secret.
func TestOddServers(t *testing.T) {
	for name, tc := range map[string]struct {
		answer string // REQ is the header that was sent
		want   string
	}{
		"closes at once":            {"", whyBroken},
		"no HTTP":                   {"REQ", whyBroken},
		"bad status":                {"HTTP/1.1 REQ\r\n\r\n", whyBroken},
		"bad header":                {"HTTP/1.1 200 OK\r\nREQ\r\n\r\n", whyBroken},
		"switches protocols":        {"HTTP/1.1 101 REQ\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nREQ", whyBroken},
		"bad length":                {"HTTP/1.1 200 OK\r\nContent-Length: REQ\r\n\r\n", whyBroken},
		"two lengths":               {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nREQ", whyBroken},
		"bad transfer encoding":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: REQ\r\n\r\nx", whyBroken},
		"bad chunk":                 {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nREQ", whyBroken},
		"cut short":                 {"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nREQ", whyBroken},
		"header too large":          {"HTTP/1.1 200 OK\r\nX: REQ1" + strings.Repeat("x", 2*MaxHeaderBytes) + "\r\n\r\n", whyBroken},
		"body too large":            {"HTTP/1.1 200 OK\r\n\r\nREQ" + strings.Repeat("x", 2000), whyTooLarge(1000)},
		"body of a length":          {"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + strings.Repeat("x", 2000), whyTooLarge(1000)},
		"gzip bomb":                 {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + string(zipped(strings.Repeat("x", 100_000))), whyTooLarge(1000)},
		"damaged gzip":              {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nREQ", whyEncoding},
		"gzip cut short":            {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + string(zipped("hello hello"))[:20], whyEncoding},
		"brotli":                    {"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nREQ", whyEncoding},
		"gzip twice":                {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\nREQ", whyEncoding},
		"gzip in two headers":       {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\nREQ", whyEncoding},
		"an encoding with a secret": {"HTTP/1.1 200 OK\r\nContent-Encoding: REQ1\r\n\r\nx", whyEncoding},
		"informational without end": {strings.Repeat("HTTP/1.1 103 Early Hints\r\nX: REQ1\r\n\r\n", 10_000), whyBroken},
	} {
		t.Run(name, func(t *testing.T) {
			host := rawServer(t, func(request string, c net.Conn) {
				line, _, _ := strings.Cut(request, "\r\n")
				answer := strings.ReplaceAll(strings.ReplaceAll(tc.answer, "REQ1", line), "REQ", request)
				_, _ = io.WriteString(c, answer)
			})
			got := failureOf(t, Config{MaxResponseBytes: 1000}, Request{URL: "http://" + host}, "http://"+host)
			if got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}

// The status text is the host's and is not passed on; a Response has no room
// for it. Bodies without a length and old protocols work.
func TestPlainAnswersOfOldServers(t *testing.T) {
	host := rawServer(t, func(request string, c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.0 299 "+strings.ReplaceAll(request, "\r\n", " ")+"\r\n\r\nhello")
	})
	resp := send(t, newClient(t, Config{AllowLoopback: true}), noSecrets(t), Request{URL: "http://" + host})
	if resp.Status != 299 || string(resp.Body) != "hello" {
		t.Errorf("got %d %q", resp.Status, resp.Body)
	}
}

func TestSlowServersEndAtTheTimeout(t *testing.T) {
	for name, answer := range map[string]string{
		"silent":           "",
		"dribbling header": "HTTP/1.1 200 OK\r\nX: a",
		"dribbling body":   "HTTP/1.1 200 OK\r\n\r\na",
		"stalled body":     "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\na",
	} {
		t.Run(name, func(t *testing.T) {
			host := rawServer(t, func(_ string, c net.Conn) {
				_, _ = io.WriteString(c, answer)
				tick := time.NewTicker(5 * time.Millisecond)
				defer tick.Stop()
				for range tick.C {
					if strings.HasPrefix(name, "dribbling") {
						if _, err := io.WriteString(c, "a"); err != nil {
							return
						}
						continue
					}
					_, _ = io.Copy(io.Discard, c) // until the client hangs up
					return
				}
			})
			start := time.Now()
			got := failureOf(t, Config{Timeout: 100 * time.Millisecond}, Request{URL: "http://" + host}, "http://"+host)
			if got != whyTimeout {
				t.Errorf("%s, want %s", got, whyTimeout)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestCancelledCalls(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	host := rawServer(t, func(_ string, c net.Conn) {
		cancel()
		_, _ = io.Copy(io.Discard, c)
	})
	_, err := newClient(t, Config{AllowLoopback: true}).Do(ctx, noSecrets(t), Request{URL: "http://" + host})
	var refused *seal.Error
	if !errors.As(err, &refused) || !strings.HasSuffix(refused.Message, whyCancelled) {
		t.Errorf("got %v", err)
	}
}

func TestRequestLimits(t *testing.T) {
	c := newClient(t, Config{AllowLoopback: true, MaxRequestBytes: 100, Resolver: noResolver(t)})
	run, tokens := newRun(t, map[string]any{"KEY": sealtest.Secret{Value: failing, Hosts: []string{"example.com"}}})
	many := make([]string, MaxHeaders+1)
	sealed := make([]string, MaxSealedHeaders+1)
	for i := range sealed {
		sealed[i] = tokens["KEY"]
	}
	for limit, req := range map[string]Request{
		"MaxRequestBytes":  {Body: make([]byte, 101)},
		"MaxURLBytes":      {URL: strings.Repeat("a", MaxURLBytes)},
		"MaxHeaders":       {Header: http.Header{"X": many}},
		"MaxHeaderBytes":   {Header: http.Header{"X": {strings.Repeat("x", MaxHeaderBytes)}}},
		"MaxSealedHeaders": {Header: http.Header{"X": sealed}},
	} {
		req.URL = "https://example.com/" + req.URL
		if err := refusal(t, c, run, req); err.Code != seal.CodeEgressDenied || !strings.Contains(err.Message, limit) {
			t.Errorf("%s: %v", limit, err)
		}
	}
}
