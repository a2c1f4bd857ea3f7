package interop_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// binary builds a command of this checkout, or the stock OPA, once.
func binary(t testing.TB, name string, args ...string) string {
	t.Helper()
	dir, err := builds()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"build", "-o", path}, args...)...)
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", name, err, out)
	}
	return path
}

// builds is a directory that TestMain removes.
var builds = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "interop") })

func stockOPA(t testing.TB) string {
	return binary(t, "opa", "-modfile=.ci/opa/go.mod", "github.com/open-policy-agent/opa")
}

// freeAddress gives an address of loopback that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// start starts a process, waits until it answers at a URL, and ends it with the
// test.
func start(t testing.TB, health string, env []string, command string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, command, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Env = append(os.Environ(), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // it is interrupted
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	for {
		select {
		case <-ended:
			t.Fatalf("%s ended:\n%s", filepath.Base(command), out.String())
		case <-time.After(50 * time.Millisecond):
		}
		if response, err := http.Get(health); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
	}
}

// response is one whose body was read.
type response struct {
	*http.Response
	body []byte
}

func get(t testing.TB, url, token, known string) response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if known != "" {
		r.Header.Set("If-None-Match", known)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{answer, body}
}
