package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what commands print into the scripts' golden files")

// canary begins every value of a secret in the scripts. No log of a server may
// hold it.
const canary = "canary-"

// TestScripts runs testdata/script/*.txt: the real binary, against real servers.
// Besides testscript's own commands there are
//
//	server [flags]      start `reticent serve` and wait until it is ready;
//	                    its log is server.log
//	shutdown            stop it with SIGTERM; it must end well
//	exits CODE command  run a command that must end with this code
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv(tokenVariable, "token-of-the-scripts-3f9ac1")
			e.Values[serverKey{}] = new(*testServer)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"server": startCommand, "shutdown": shutdownCommand, "exits": exitsCommand,
		},
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

func startCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("server cannot be negated; use ! exec reticent serve")
	}
	s, err := startServer(ts.MkAbs("."), ts.Getenv("TMPDIR"), ts.Getenv(tokenVariable), args...)
	ts.Check(err)
	*serverOf(ts) = s
	ts.Defer(func() { ts.Check(s.kill()) })
	ts.Setenv(addrVariable, s.url)
	ts.Setenv(tokenVariable, s.token)
}

// serverKey is where a script keeps the server that it started.
type serverKey struct{}

func serverOf(ts *testscript.TestScript) **testServer { return ts.Value(serverKey{}).(**testServer) }

func shutdownCommand(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check((*serverOf(ts)).stop())
	log := ts.ReadFile("server.log")
	if strings.Contains(log, canary) {
		ts.Fatalf("the server's log holds the value of a secret:\n%s", log)
	}
}

func exitsCommand(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// selfPath is the test binary under the name of the real one.
func selfPath() (string, error) { return exec.LookPath("reticent") }

// environ is the environment of a child, with a token.
func environ(token string) []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, addrVariable+"=") && !strings.HasPrefix(kv, tokenVariable+"=") {
			env = append(env, kv)
		}
	}
	return append(env, tokenVariable+"="+token)
}
