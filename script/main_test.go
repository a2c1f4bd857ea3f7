package script

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/reticent/reticent/script/worker"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

func TestMain(m *testing.M) {
	worker.Main()
	if os.Getenv("SCRIPT_TEST_ORPHANS") != "" {
		orphans()
	}
	code := m.Run()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			println(err.Error())
			code = 1
		}
	}
	os.Exit(code)
}

// orphans is a server that says which workers it has and waits to be killed.
func orphans() {
	if _, err := New(Config{Workers: 2}); err != nil {
		os.Exit(1)
	}
	children, _ := filepath.Glob("/proc/self/task/*/children")
	for _, file := range children {
		b, _ := os.ReadFile(file)
		_, _ = os.Stdout.Write(b)
	}
	_, _ = os.Stdout.WriteString("\n")
	select {}
}

// patient lets runs take the time that they need on a slow machine.
var patient = Limits{Time: time.Minute, CPU: time.Minute}

// engine starts an engine that ends with the test.
func engine(t testing.TB, cfg Config) *Engine {
	t.Helper()
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

const head = "module.exports = async function (context) {\n"

// secrets are those of most tests; REVOKED and PIN show what strong and weak ones do.
var secretsOfTests = map[string]any{
	"API_KEY": "sk_live_4242424242abcdef", "OTHER": "another-long-secret-value-7", "PIN": "123456",
	"ODD": `a"b\c é/+%&= d`, "DB": map[string]any{"user": "root-user-of-the-db", "password": "the-password-of-the-db", "n": 3},
	"KEYS": []any{"first-key-0123456789", "second-key-0123456789"},
	"GONE": nil,
}

func sealRun(t testing.TB, values map[string]any) *seal.Run {
	return sealtest.Set(t, values).NewRun(seal.Options{Principal: "test"})
}

func run(t testing.TB, e *Engine, r *seal.Run, body, input string) Result {
	t.Helper()
	return runAs(t, e, JavaScript, r, body, input)
}

// languages are both; what holds for a script in one must hold in the other.
var languages = []Language{JavaScript, TypeScript}

// runAs runs the body of a handler, which begins on the second line. What stands
// before a § in it stands before the handler.
func runAs(t testing.TB, e *Engine, l Language, r *seal.Run, body, input string) Result {
	t.Helper()
	top, body, found := strings.Cut(body, "§")
	if !found {
		top, body = "", top
	}
	source := top + head + body + "\n}"
	if l == TypeScript {
		source = top + "export default async function (context: any): Promise<any> {\n" + body + "\n}"
	}
	return e.Run(context.Background(), Run{Name: "test", Source: Source{Language: l, Source: source}, Seal: r, Input: json.RawMessage(input)})
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
