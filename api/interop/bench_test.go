package interop_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const benchKey = "sk_live_51Hq8ZkT0xVbN3mR7"

// benchPolicy has the key in data.keys here where OPA has it, and in data.secrets
// where the server seals it.
const benchPolicy = `package acp.authz

default allow := false

allow if {
	"admin" in input.user.roles
	input.request.method == "GET"
	input.request.headers["X-Api-Key"] == data.%s.API_KEY
}
`

const benchInput = `{"user":{"id":"alice","roles":["guest","editor","admin"]},"request":{"method":"GET","path":"/v1/orders","headers":{"X-Api-Key":"` + benchKey + `","Accept":"application/json"}}}`

const (
	benchToken   = "interop-administrator-token-71c0"
	benchBatch   = 100
	benchClients = 4 // for each processor
)

// BenchmarkOPA asks this server and a stock OPA, each a process of its own, the same
// question with the same load, in one run: one decision a request, and as many as
// benchBatch at once, which stock OPA takes a request each. It reports decisions a
// second and the 99th percentile of the time of a request.
func BenchmarkOPA(b *testing.B) {
	dir := b.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
		return path
	}
	stock := freeAddress(b)
	start(b, "http://"+stock+"/health", nil, stockOPA(b), "run", "--server", "--addr", stock, "--log-level", "error", "--disable-telemetry",
		write("policy.rego", fmt.Sprintf(benchPolicy, "keys")), write("data.json", `{"keys":{"API_KEY":"`+benchKey+`"}}`))
	ours := freeAddress(b)
	start(b, "http://"+ours+"/healthz", []string{"RETICENT_TOKEN=" + benchToken}, binary(b, "reticent", "./cmd/reticent"), "serve", "--dev", "--addr", ours, "--log-level", "error")
	put(b, "http://"+ours+"/v1/secrets/API_KEY", benchToken, map[string]any{"value": benchKey})
	put(b, "http://"+ours+"/v1/policies/bench", benchToken, map[string]any{"language": "rego", "source": fmt.Sprintf(benchPolicy, "secrets")})

	one := `{"input":` + benchInput + `}`
	var many strings.Builder
	for i := range benchBatch {
		fmt.Fprintf(&many, `,"%d":%s`, i, benchInput)
	}
	for _, c := range []struct {
		name, address, path, body, want string
		decisions                       int
	}{
		{"single/opa", stock, "/v1/data/acp/authz/allow", one, `"result":true`, 1},
		{"single/reticent", ours, "/opa/v1/data/acp/authz/allow", one, `"result":true`, 1},
		{"batch/opa", stock, "/v1/data/acp/authz/allow", one, `"result":true`, 1},
		{"batch/reticent", ours, "/opa/v1/batch/data/acp/authz/allow", `{"inputs":{` + many.String()[1:] + `}}`, `"result":true`, benchBatch},
		{"batch-common/reticent", ours, "/opa/v1/batch/data/acp/authz/allow", `{"common_input":` + benchInput + `,"inputs":{` + strings.ReplaceAll(many.String()[1:], benchInput, "{}") + `}}`, `"result":true`, benchBatch},
	} {
		b.Run(c.name, func(b *testing.B) {
			request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", c.path, c.address, benchToken, len(c.body), c.body)
			ask(b, c.address, request, c.want, c.decisions)
		})
	}
}

func put(b testing.TB, url, token string, body any) {
	b.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		b.Fatal(err)
	}
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPut, url, bytes.NewReader(raw))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusCreated {
		text, _ := io.ReadAll(response.Body)
		b.Fatalf("PUT %s: %s %s", url, response.Status, text)
	}
}

// ask sends one request again and again, over a connection for each client. It
// costs as little as it can: the servers have the same processors.
func ask(b *testing.B, address, request, want string, decisions int) {
	b.SetParallelism(benchClients)
	var mu sync.Mutex
	var all []time.Duration
	began := time.Now()
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			b.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		var took []time.Duration
		in, body := bufio.NewReader(conn), []byte(nil)
		for pb.Next() {
			sent := time.Now()
			if _, err := io.WriteString(conn, request); err != nil {
				b.Error(err)
				return
			}
			if body, err = answerOf(in, body); err != nil || bytes.Count(body, []byte(want)) != decisions {
				b.Errorf("%v: %s", err, body)
				return
			}
			took = append(took, time.Since(sent))
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, took...)
	})
	b.ReportMetric(float64(len(all)*decisions)/time.Since(began).Seconds(), "decisions/s")
	slices.Sort(all)
	if len(all) > 0 {
		b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-us")
	}
}

// answerOf reads a response that has a Content-Length into body.
func answerOf(in *bufio.Reader, body []byte) ([]byte, error) {
	length := 0
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		if len(line) <= 2 {
			break
		}
		if name, value, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return nil, err
			}
		}
	}
	body = slices.Grow(body[:0], length)[:length]
	_, err := io.ReadFull(in, body)
	return body, err
}
