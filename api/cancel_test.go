package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/script"
)

// TestCallerGoesAway closes the connection of a caller whose script computes for
// ever, or waits for a host. Its worker, the only one, is free again long before
// the script's time is over, and the host sees its request end.
func TestCallerGoesAway(t *testing.T) {
	arrived, ended := make(chan bool, 2), make(chan bool, 2)
	host := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrived <- true
		<-r.Context().Done()
		ended <- true
	}))
	defer host.Close()
	s := apitest.Start(t, apitest.Options{Script: func(c *script.Config) { c.Workers, c.Limits.Time = 1, 10*time.Minute }})
	for name, source := range map[string]string{
		"loops": "await fetch(context.input.url).catch(() => 0); for (;;) {}",
		"waits": "return (await fetch(context.input.url)).status",
	} {
		source = "module.exports = async function (context) { " + source + " }"
		if name == "loops" { // it says that it is there, and goes on
			source = strings.Replace(source, "await fetch", "fetch", 1)
		}
		ctx, hangUp := context.WithCancel(t.Context())
		gone := make(chan error)
		go func() {
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/v1/scripts/test", strings.NewReader(`{"source":`+jsonOf(t, source)+`,"input":{"url":"`+host.URL+`"}}`))
			if err == nil {
				r.Header.Set("Authorization", "Bearer "+s.Token)
				var answer *http.Response
				if answer, err = http.DefaultTransport.RoundTrip(r); err == nil {
					err = answer.Body.Close()
				}
			}
			gone <- err
		}()
		<-arrived
		hangUp()
		if err := <-gone; err == nil {
			t.Errorf("%s: it was answered", name)
		}
		<-ended
		if a := deliver(t, s, message{method: "POST", path: "/v1/scripts/test", body: `{"source":"module.exports = () => 7"}`}); a.Status != http.StatusOK || !strings.Contains(string(a.Body), `"output":7`) {
			t.Errorf("%s: the next caller: %d %s", name, a.Status, a.Body)
		}
	}
}
