package api_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/reticent/reticent/api/apitest"
)

// startHost starts the remote host of the attacks: it repeats the credential that
// it is sent, in the form that the path asks for, and keeps what is dropped.
func startHost(t *testing.T) *httptest.Server {
	t.Helper()
	var mu sync.Mutex
	dropped := map[string]string{}
	routes := http.NewServeMux()
	for form, encode := range map[string]func(string) string{
		"raw":     func(s string) string { return s },
		"json":    func(s string) string { return `{"got":` + asJSONString(s) + `}` },
		"escapes": func(s string) string { return `{"got":"` + apitest.EveryRune(s, `\u%04x`, "") + `"}` },
		"percent": func(s string) string { return apitest.EveryByte(s, "%%%02x") },
		"query":   url.QueryEscape,
		"html":    func(s string) string { return "<b>" + strings.ReplaceAll(s, "&", "&amp;") + "</b>" },
	} {
		routes.HandleFunc("/"+form, func(w http.ResponseWriter, r *http.Request) {
			if form == "json" || form == "escapes" {
				w.Header().Set("Content-Type", "application/json")
			}
			fmt.Fprint(w, encode(credential(r)))
		})
	}
	routes.HandleFunc("/header", func(w http.ResponseWriter, r *http.Request) {
		c := credential(r)
		w.Header().Set("X-Echo", c)
		w.Header().Set("Set-Cookie", "session="+url.QueryEscape(c))
		w.Header().Set("X-"+c, "in the name")
		w.WriteHeader(http.StatusTeapot)
	})
	routes.HandleFunc("/gzip", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		fmt.Fprint(zip, credential(r))
		_ = zip.Close()
	})
	routes.HandleFunc("/deflate", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "deflate")
		fmt.Fprint(w, credential(r))
	})
	routes.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/raw?q="+url.QueryEscape(credential(r)), http.StatusFound)
	})
	routes.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://localhost"+r.Host[strings.LastIndexByte(r.Host, ':'):]+"/raw", http.StatusTemporaryRedirect)
	})
	routes.HandleFunc("/basic", func(w http.ResponseWriter, r *http.Request) {
		user, password, ok := r.BasicAuth()
		answer, _ := json.Marshal(map[string]any{"user": user, "password": password, "ok": ok})
		_, _ = w.Write(answer)
	})
	routes.HandleFunc("/whole", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		answer, _ := json.Marshal(map[string]any{"url": r.URL.String(), "authorization": r.Header.Get("Authorization"), "body": string(body)})
		_, _ = w.Write(answer)
	})
	routes.HandleFunc("/drop", func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		dropped[r.URL.Query().Get("box")] = credential(r)
	})
	routes.HandleFunc("/pick", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprint(w, dropped[r.URL.Query().Get("box")])
	})
	routes.HandleFunc("/break", func(w http.ResponseWriter, r *http.Request) {
		c, b, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = b.WriteString(credential(r) + "\r\n\r\n")
		_ = b.Flush()
		_ = c.Close()
	})
	host := httptest.NewServer(routes)
	t.Cleanup(host.Close)
	return host
}

// credential gives the secret of a request, wherever it stands.
func credential(r *http.Request) string {
	if c, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return c
	}
	if c := r.Header.Get("X-Token"); c != "" {
		return c
	}
	if q := r.URL.Query().Get("q"); q != "" {
		return q
	}
	body, _ := io.ReadAll(r.Body)
	return string(body)
}

func asJSONString(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}
