package api

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5"
)

// observe logs and counts every request.
func (s *server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		defer func() { // also when the response was broken off
			x, took := exchangeOf(r), time.Since(start)
			method, route := methodOf(r), routeOf(r)
			s.metrics.request(method, route, x.status, took)
			s.log.LogAttrs(r.Context(), slog.LevelInfo, "request",
				slog.String("request_id", x.id), slog.String("method", method), slog.String("route", route),
				slog.Int("status", x.status), slog.Duration("duration", took), slog.String("principal", x.principal.ID))
		}()
		next.ServeHTTP(w, r)
	})
}

// routeOf gives the pattern of the route that answered. A path itself is not
// logged: somebody may have pasted a secret where a name belongs.
func routeOf(r *http.Request) string {
	if x := chi.RouteContext(r.Context()); x != nil {
		if pattern := x.RoutePattern(); pattern != "" && pattern != "/*" {
			return pattern
		}
	}
	return "none"
}

// methodOf bounds what a client can make a label of.
func methodOf(r *http.Request) string {
	for _, m := range methods {
		if r.Method == m {
			return m
		}
	}
	return "other"
}

// rescue turns a panic into a 500. What it panicked with may be anything, so
// only its type and the stack, which has no contents of strings, are logged.
func (s *server) rescue(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
				panic(cause)
			}
			s.log.ErrorContext(r.Context(), "a handler panicked", "request_id", exchangeOf(r).id,
				"type", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
			if exchangeOf(r).status != 0 {
				// The response has begun; the client must see that it is broken.
				panic(http.ErrAbortHandler)
			}
			s.fail(w, r, errPanic)
		}()
		next.ServeHTTP(w, r)
	})
}

var errPanic = fmt.Errorf("the handler panicked, see the entry before")

// secure sets the headers of every response: nothing of this API may be kept by
// a cache, nor be read as anything but what it says it is.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}
