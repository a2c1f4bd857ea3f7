package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/audit"
)

// exchange is what is known of one request and its response. The outermost
// middleware makes it and those below fill it in.
type exchange struct {
	id        string
	principal secretstore.Principal
	status    int // 0 until the header is sent
}

type exchangeKey struct{}

func exchangeOf(r *http.Request) *exchange {
	return r.Context().Value(exchangeKey{}).(*exchange)
}

// identify gives a request an id of the server's own making, for the log and for
// problems. A client's X-Request-ID goes back to it, as AuthZEN wants, and
// nowhere else: anything may have been pasted there.
func identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{id: strings.ToLower(rand.Text())}
		echoed := r.Header.Get("X-Request-ID")
		if echoed == "" {
			echoed = x.id
		}
		w.Header().Set("X-Request-ID", echoed)
		next.ServeHTTP(&recorder{ResponseWriter: w, exchange: x}, r.WithContext(audit.WithRequest(context.WithValue(r.Context(), exchangeKey{}, x), x.id)))
	})
}

// recorder remembers the status.
type recorder struct {
	http.ResponseWriter
	exchange *exchange
}

// WriteHeader is http.ResponseWriter's.
func (w *recorder) WriteHeader(status int) {
	if w.exchange.status == 0 && status >= http.StatusOK {
		w.exchange.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write is http.ResponseWriter's.
func (w *recorder) Write(b []byte) (int, error) {
	if w.exchange.status == 0 {
		w.exchange.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
