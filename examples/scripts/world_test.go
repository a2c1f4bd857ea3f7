package scripts_test

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/script"
	"github.com/reticent/reticent/secretstore/egress"
)

// world is what an example runs in: a server that the example is applied to, and
// the hosts that it calls.
type world struct {
	t       *testing.T
	name    string
	project string // that the example is in, if any
	server  *apitest.Server
	hosts   *hosts
	// environment has the values of the example's secrets.
	environment map[string]string
	// hidden is what nobody must get to see, and in which forms.
	hidden map[string][]apitest.Disguise
}

func newWorld(t *testing.T, name string) *world {
	t.Helper()
	x := &world{t: t, name: name, hosts: startHosts(t), environment: map[string]string{}, hidden: map[string][]apitest.Disguise{}}
	x.server = apitest.Start(t, apitest.Options{
		Script: func(c *script.Config) { c.Workers = 1 },
		Egress: func(c *egress.Config) { c.RootCAs, c.Resolver = x.hosts.roots, x.hosts.resolve },
	})
	return x
}

// secret gives the value of a secret that the manifest takes from the environment.
func (x *world) secret(name, value string) string {
	x.environment[name] = value
	return x.hide(name, value)
}

// hide has a value looked for in everything that the server says.
func (x *world) hide(name, value string) string {
	x.hidden[name] = apitest.Disguises(value)
	return value
}

// host answers for a host. The example is applied with its port behind its name.
func (x *world) host(name string, answer http.HandlerFunc) { x.hosts.add(name, answer) }

// at gives a text of the example as it is in this world, with ports behind hosts.
func (x *world) at(text string) string {
	names := slices.SortedFunc(maps.Keys(x.hosts.by), func(a, b string) int { return len(b) - len(a) })
	if len(names) == 0 {
		return text
	}
	for i, name := range names {
		names[i] = regexp.QuoteMeta(name)
	}
	return regexp.MustCompile(strings.Join(names, "|")).ReplaceAllString(text, "${0}:"+x.hosts.port)
}

// apply does what `reticent apply` does with the example.
func (x *world) apply() {
	x.t.Helper()
	dir := copied(x.t, x.name, x.at)
	c := exec.Command(binary, "apply", "-f", dir)
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "RETICENT_ADDR=" + x.server.URL, "RETICENT_TOKEN=" + x.server.Token}
	for name, value := range x.environment {
		c.Env = append(c.Env, name+"="+value)
	}
	out, err := c.CombinedOutput()
	if err != nil {
		x.t.Fatalf("apply: %v\n%s", err, out)
	}
	x.clean("what apply says", string(out))
}

// lodash is what lodash-claims asks its reader to fetch.
const lodash = "../../script/testdata/npm/lodash.js"

// copied copies an example, and changes what its files say.
func copied(t *testing.T, name string, change func(string) string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	err := fs.WalkDir(os.DirFS("."), name, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rest, err := filepath.Rel(name, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(dir, rest), 0o755)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, rest), []byte(change(string(text))), 0o600)
	})
	if err == nil && name == "lodash-claims" {
		err = fetchLodash(filepath.Join(dir, "modules"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func fetchLodash(into string) error {
	text, err := os.ReadFile(lodash)
	if err != nil {
		return err
	}
	if err := os.Mkdir(into, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(into, "lodash.js"), text, 0o600)
}

// answer is what the server says to a run.
type answer struct {
	Output  any
	Ignored []string
	Error   *struct{ Code, Message string }
	Masked  []struct{ Secrets []string }
	// Decision and Context are an access evaluation's.
	Decision *bool
	Context  json.RawMessage
}

func (x *world) scope() string {
	if x.project == "" {
		return "/v1"
	}
	return "/v1/projects/" + x.project
}

// ask sends a request and checks that the answer keeps the secrets.
func (x *world) ask(method, path string, body any) []byte {
	x.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		x.t.Fatal(err)
	}
	q, err := http.NewRequestWithContext(x.t.Context(), method, x.server.URL+path, bytes.NewReader(raw))
	if err != nil {
		x.t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+x.server.Token)
	a, err := http.DefaultTransport.RoundTrip(q)
	if err != nil {
		x.t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		x.t.Fatal(err)
	}
	x.clean("the answer", string(text))
	if a.StatusCode != http.StatusOK {
		x.t.Fatalf("%s %s: %d %s", method, path, a.StatusCode, text)
	}
	return text
}

func (x *world) answerOf(path string, body any) answer {
	x.t.Helper()
	raw := x.ask("POST", path, body)
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		x.t.Fatalf("%v in %s", err, raw)
	}
	return a
}

// input is a JSON object.
type input = map[string]any

// run runs the example's script and checks what it returns.
func (x *world) run(in any, want string) {
	x.t.Helper()
	x.wants(x.answerOf(x.scope()+"/scripts/"+x.name+"/run", input{"input": in}), want)
}

// fails runs the script and checks its error.
func (x *world) fails(in any, code, message string) {
	x.t.Helper()
	a := x.answerOf(x.scope()+"/scripts/"+x.name+"/run", input{"input": in})
	if a.Error == nil || a.Error.Code != code || !strings.Contains(a.Error.Message, message) {
		x.t.Errorf("with %v the error is %+v (output %v), want %s: %s", in, a.Error, a.Output, code, message)
	}
}

// point runs the script that is bound to an execution point.
func (x *world) point(point, target string, context input, want string) {
	x.t.Helper()
	x.wants(x.answerOf(x.scope()+"/points/"+point+"/run", input{"target": target, "context": context}), want)
}

func (x *world) wants(a answer, want string) {
	x.t.Helper()
	if a.Error != nil {
		x.t.Errorf("the error %s: %s", a.Error.Code, a.Error.Message)
		return
	}
	var w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		x.t.Fatalf("%v in %s", err, want)
	}
	if diff := cmp.Diff(w, a.Output); diff != "" {
		x.t.Errorf("it returns something else: -want +got\n%s", diff)
	}
}

// clean checks that no secret stands in a text.
func (x *world) clean(what, text string) {
	x.t.Helper()
	if found := apitest.Leak(text, x.hidden); found != "" {
		x.t.Errorf("%s shows %s:\n%s", what, found, text)
	}
	if strings.Contains(text, "rsv_") {
		x.t.Errorf("%s shows a surrogate:\n%s", what, text)
	}
}

// audit looks for the secrets in what the server has written down.
func (x *world) audit() {
	x.t.Helper()
	x.clean("the list of executions", string(x.ask("GET", "/v1/executions", nil)))
	x.ask("GET", "/metrics", nil)
	x.server.Stop() // what was recorded is written by now
	x.clean("the log", x.server.Log.String())
	for _, file := range []string{"state.db"} {
		raw, err := os.ReadFile(filepath.Join(x.server.DataDir, file))
		if err != nil {
			x.t.Fatal(err)
		}
		if found := apitest.Leak(string(raw), x.hidden); found != "" {
			x.t.Errorf("%s shows %s", file, found)
		}
	}
}
