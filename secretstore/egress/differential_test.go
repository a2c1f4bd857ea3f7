package egress

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// Whatever the secret is, a hostile author and an echoing host get the same:
// byte by byte, surrogates fixed by the test.
func TestResponsesDoNotDependOnTheSecret(t *testing.T) {
	_, host := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		w.Header().Set("X-Echo", r.Header.Get("Authorization"))
		w.Header().Set("X-Fail", "no")
		if r.Header.Get("X-Fail") != "" {
			panic(http.ErrAbortHandler)
		}
		echo(w, r)
	})
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	requests := []func(key string) Request{
		func(k string) Request { return Request{Header: http.Header{"Authorization": {"Bearer " + k}}} },
		func(k string) Request { return Request{URL: "/" + k + "?a=" + k} },
		func(k string) Request { return Request{Method: "HEAD", URL: "/" + k} },
		func(k string) Request { return Request{Method: "POST", Body: []byte(`{"a":["` + k + k + `"]}`)} },
		func(k string) Request { return Request{Header: http.Header{"X-Fail": {k}}} },
		func(k string) Request { return Request{Header: http.Header{k: {"x"}}} },
		func(k string) Request { return Request{Method: k} },
		func(k string) Request { return Request{URL: "." + k} },
		func(k string) Request { return Request{URL: "@" + k} },
		func(k string) Request { return Request{URL: k} },
	}
	outcome := func(value string) string {
		var logged lockedBuffer
		c := newClient(t, Config{AllowLoopback: true, Logger: textLogger(&logged)})
		var out bytes.Buffer
		for i, request := range requests {
			for _, target := range []string{host, closed.Addr().String()} {
				set := sealtest.Set(t, map[string]any{"KEY": sealtest.Secret{Value: value, Hosts: []string{"http://" + host, "http://" + closed.Addr().String()}, In: everywhere}})
				run := set.NewRun(seal.Options{Random: sealtest.Random(byte(i))})
				key, err := run.Lookup("KEY")
				if err != nil {
					t.Fatal(err)
				}
				req := request(key.(string))
				req.URL = "http://" + target + req.URL
				resp, err := c.Do(t.Context(), run, req)
				var refused *seal.Error
				switch {
				case err == nil:
					_, _ = fmt.Fprintf(&out, "%d %s %v %s\n", resp.Status, resp.URL, resp.Header, resp.Body)
				case errors.As(err, &refused):
					_, _ = io.WriteString(&out, err.Error()+"\n")
				default:
					t.Fatalf("error is a %T", err)
				}
			}
		}
		if strings.Contains(out.String()+logged.String(), canary) {
			t.Error("the outcome holds the plaintext")
		}
		return out.String()
	}
	// Lengths are equal: an echoing host tells them.
	first := outcome("one-" + canary + "-abcdefghij")
	if diff := cmp.Diff(first, outcome("2/*:"+canary+".!(,;@)=&$~")); diff != "" {
		t.Errorf("outcomes differ: -one +other\n%s", diff)
	}
}
