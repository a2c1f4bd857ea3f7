package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/secretstore/manager"
)

// managed is a server with a manager m, a directory in which app.key has a value.
func managed(t testing.TB, value string, o apitest.Options) (s *apitest.Server, file string) {
	t.Helper()
	dir := t.TempDir()
	file = filepath.Join(dir, "app.key")
	if err := os.WriteFile(file, []byte(value+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Managers = manager.Local{Directories: []string{dir}}
	s = apitest.Start(t, o)
	expect(t, s, http.StatusCreated, message{method: "PUT", path: "/v1/managers/m", body: fmt.Sprintf(`{"kind":"directory","directory":{"path":%q},"allowed_hosts":["api.example.com"]}`, dir)})
	return s, file
}

func expect(t testing.TB, s *apitest.Server, status int, m message) []byte {
	t.Helper()
	a := deliver(t, s, m)
	if a.Status != status {
		t.Fatalf("%s %s: %d %s", m.method, m.path, a.Status, a.Body)
	}
	return []byte(a.Body)
}

// TestManagedSecrets uses a secret of a manager in every engine, in process and in
// workers, and looks for its value in everything that comes out.
func TestManagedSecrets(t *testing.T) {
	for _, inProcess := range []bool{true, false} {
		t.Run(fmt.Sprintf("in process %v", inProcess), func(t *testing.T) {
			const value = "managed-plaintext-8xk2-qq71-zz9w"
			s, file := managed(t, value, apitest.Options{InProcess: inProcess})
			var seen bytes.Buffer
			ask := func(status int, method, path, body string) string {
				t.Helper()
				b := expect(t, s, status, message{method: method, path: path, body: body})
				seen.Write(b)
				return string(b)
			}
			source, _ := json.Marshal(`module.exports = (context) => {
  const key = context.secrets.get("m/app.key");
  console.log(key, btoa(key));
  return { same: context.input.key === key, index: context.secrets["m/app.key"] === key, key, basic: "Basic " + btoa("u:" + key), echo: context.input };
}`)
			ask(201, "PUT", "/v1/scripts/s", `{"source":`+string(source)+`,"record_input":true}`)
			rego, _ := json.Marshal("package p\n\nallow if input.key == data.secrets[\"m/app.key\"]\n\noutput := {\"key\": data.secrets[\"m/app.key\"], \"input\": input}")
			ask(201, "PUT", "/v1/policies/rego", `{"language":"rego","source":`+string(rego)+`}`)
			ask(201, "PUT", "/v1/policies/validators", `{"language":"validators","validators":[{"name":"attributes","conf":{"fields":[{"field":"key","comparator":"equals","secret":"m/app.key"}]}}]}`)
			input := `{"input":{"key":"` + value + `"}}`
			run := ask(200, "POST", "/v1/scripts/s/run", input)
			for _, want := range []string{`"same":true`, `"index":true`, `"key":"***"`, `"m/app.key"`} {
				if !strings.Contains(run, want) {
					t.Errorf("the run has no %s: %s", want, run)
				}
			}
			for _, policy := range []string{"rego", "validators"} {
				if d := ask(200, "POST", "/v1/policies/"+policy+"/evaluate", input); !strings.Contains(d, `"decision":true`) {
					t.Errorf("%s: %s", policy, d)
				}
				if d := ask(200, "POST", "/v1/policies/"+policy+"/evaluate", `{"input":{"key":"wrong"}}`); !strings.Contains(d, `"decision":false`) {
					t.Errorf("%s: %s", policy, d)
				}
			}
			ask(200, "POST", "/v1/scripts/test", `{"source":"module.exports = (c) => c.secrets.get('m/app.key') + '!'","input":{}}`)
			for _, path := range []string{"/v1/executions", "/v1/decisions", "/v1/audit", "/v1/managers/m", "/v1/managers/m/cache", "/v1/managers/m/health", "/v1/scripts/s", "/metrics"} {
				ask(200, "GET", path, "")
			}

			// Revoked there and cleared here it is gone; every engine refuses and names the
			// manager.
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			ask(204, "DELETE", "/v1/managers/m/cache/app.key", "")
			if d := ask(200, "POST", "/v1/policies/rego/evaluate", input); !strings.Contains(d, "secret_unavailable") || !strings.Contains(d, "manager m") {
				t.Errorf("after the clear: %s", d)
			}
			if d := ask(200, "POST", "/v1/policies/validators/evaluate", input); !strings.Contains(d, `"decision":false`) {
				t.Errorf("after the clear: %s", d)
			}
			if r := ask(200, "POST", "/v1/scripts/test", `{"source":"module.exports = (c) => c.secrets['m/app.key'] === 'x'","input":{}}`); !strings.Contains(r, "secret_unavailable") || !strings.Contains(r, "m/app.key") {
				t.Errorf("after the clear: %s", r)
			}
			seen.WriteString(s.Log.String())
			if leak := apitest.Leak(seen.String(), map[string][]apitest.Disguise{"m/app.key": apitest.Disguises(value)}); leak != "" {
				t.Error(leak)
			}
		})
	}
}

// TestManagerDown shows that a manager that does not answer holds up what names its
// secrets for its own time, and nothing else.
func TestManagerDown(t *testing.T) {
	held := make(chan struct{})
	down := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-held:
		case <-r.Context().Done():
		}
	}))
	defer down.Close()
	defer close(held)
	s := apitest.Start(t, apitest.Options{InProcess: true})
	expect(t, s, 201, message{method: "PUT", path: "/v1/secrets/T", body: fmt.Sprintf(`{"value":"hvs.a-token-of-the-test","allowed_hosts":[%q]}`, down.URL)})
	expect(t, s, 201, message{method: "PUT", path: "/v1/managers/vault", body: fmt.Sprintf(`{"kind":"vault","timeout_ms":300,"vault":{"address":%q,"auth":{"method":"token","secret":"T"}}}`, down.URL)})
	expect(t, s, 201, message{method: "PUT", path: "/v1/policies/needs", body: `{"language":"rego","source":"package p\n\nallow if not input.x == data.secrets[\"vault/db/password\"]"}`})
	expect(t, s, 201, message{method: "PUT", path: "/v1/policies/other", body: `{"language":"rego","source":"package p\n\nallow if input.x == 1"}`})
	start := time.Now()
	answered := make(chan []byte)
	go func() {
		a := deliver(t, s, message{method: "POST", path: "/v1/policies/needs/evaluate", body: `{"input":{"x":1}}`})
		answered <- []byte(a.Body)
	}()
	for range 20 {
		expect(t, s, 200, message{method: "POST", path: "/v1/policies/other/evaluate", body: `{"input":{"x":1}}`})
	}
	got := <-answered
	if !bytes.Contains(got, []byte("secret_unavailable")) || !bytes.Contains(got, []byte("manager vault")) || !bytes.Contains(got, []byte(`"decision":false`)) {
		t.Errorf("the decision is %s", got)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}
