package manager_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// vendor is a server that is true to the protocol of a manager, with faults between it
// and who asks.
type vendor struct {
	URL string
	// handler answers; what it finds wrong with a request that the manager's own server
	// would not take it answers as that would.
	handler http.HandlerFunc

	mu    sync.Mutex
	fault string
	calls int
}

func newVendor(t testing.TB) *vendor {
	v := &vendor{}
	s := httptest.NewServer(http.HandlerFunc(v.serve))
	t.Cleanup(s.Close)
	v.URL = s.URL
	return v
}

// setFault has all requests end by a fault: "" is none.
func (v *vendor) setFault(fault string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.fault = fault
}

// count gives the number of requests.
func (v *vendor) count() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.calls
}

// faults are what can go wrong between a server and a manager.
var faults = []string{"latency", "reset", "429", "500", "503", "malformed", "truncated", "html", "hostile redirect"}

func (v *vendor) serve(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	v.calls++
	fault := v.fault
	v.mu.Unlock()
	switch fault {
	case "":
		v.handler(w, r)
	case "latency":
		select {
		case <-r.Context().Done():
		case <-time.After(10 * time.Second):
		}
	case "reset":
		panic(http.ErrAbortHandler)
	case "429":
		w.WriteHeader(http.StatusTooManyRequests)
	case "500":
		w.WriteHeader(http.StatusInternalServerError)
	case "503":
		w.WriteHeader(http.StatusServiceUnavailable)
	case "malformed":
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"data": {"data": {"password": "planted-in-malformed-json-7361", `))
	case "truncated":
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"data":`))
	case "html":
		_, _ = w.Write([]byte("<html>sign in to the portal</html>"))
	case "hostile redirect":
		http.Redirect(w, r, "http://127.0.0.2:1/steal", http.StatusTemporaryRedirect)
	}
}
