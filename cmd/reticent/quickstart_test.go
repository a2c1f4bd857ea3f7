package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestQuickstart does what `make run` does, and types what it says to type.
func TestQuickstart(t *testing.T) {
	root := checkout(t)
	build := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(root, "bin"), "../../examples/...")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	server, echo := freeAddress(t), freeAddress(t)
	moveEcho(t, root, echo)

	run := exec.Command(filepath.Join(root, "bin", "quickstart"), "-addr", server, "-echo-addr", echo)
	run.Dir = root
	run.Env = environ("")
	var log bytes.Buffer
	run.Stderr = &log
	stdout, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	commands := make(chan []string, 1)
	go func() {
		commands <- indented(stdout)
		_, _ = io.Copy(io.Discard, stdout)
		ended <- run.Wait()
	}()
	t.Cleanup(func() {
		_ = run.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(patience):
			t.Error("the quickstart does not end")
		}
		if strings.Contains(log.String(), "demo-") {
			t.Errorf("the log has a secret:\n%s", log.String())
		}
	})

	var next []string
	select {
	case next = <-commands:
	case <-time.After(patience):
		t.Fatal("the quickstart does not say what to type")
	}
	if len(next) != 3 {
		t.Fatalf("it says to type %q, want three lines; its log is:\n%s", next, log.String())
	}
	out := shell(t, root, nil, strings.Join(next, "\n"))
	if first, _, _ := strings.Cut(out, "\n"); first != "allow" {
		t.Errorf("the decision is %q, want allow", first)
	}
	if !strings.Contains(out, `"authorization": "Bearer ***"`) || !strings.Contains(out, `"status": 200`) {
		t.Errorf("the script answers\n%s", out)
	}
	out += shell(t, root, nil, next[0]+`
		bin/reticent eval --policy api-key-validators --input examples/quickstart/requests/header-allowed.json
		! bin/reticent eval --input examples/quickstart/requests/order-denied.json
		bin/reticent apply -f examples/quickstart`)
	for _, want := range []string{"\nallow\ndeny\n", "\nunchanged  script"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in the answers:\n%s", want, out)
		}
	}
	if strings.Contains(out, "demo-") {
		t.Errorf("the answers hold a secret:\n%s", out)
	}
}

// TestQuickstartRequests keeps the requests true: they hold the throw-away key.
func TestQuickstartRequests(t *testing.T) {
	key, err := os.ReadFile("../../examples/quickstart/throw-away-secrets/api-key")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"order-allowed.json", "header-allowed.json"} {
		text, err := os.ReadFile("../../examples/quickstart/requests/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(text) || !bytes.Contains(text, key) {
			t.Errorf("%s is no JSON or has not the key", name)
		}
	}
}

// indented gives the first block of indented lines: what the quickstart says to
// type.
func indented(r io.Reader) []string {
	var lines []string
	for s := bufio.NewScanner(r); s.Scan(); {
		line, ok := strings.CutPrefix(s.Text(), "  ")
		if ok {
			lines = append(lines, line)
		} else if len(lines) > 0 {
			return lines
		}
	}
	return lines
}

// checkout makes a directory like a checkout in which `make build` ran: the
// binary and the examples.
func checkout(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.CopyFS(filepath.Join(root, "examples"), os.DirFS("../../examples")); err != nil {
		t.Fatal(err)
	}
	binary, err := selfPath()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary, filepath.Join(root, "bin", "reticent")); err != nil {
		t.Fatal(err)
	}
	return root
}

// moveEcho writes the address of the echo service into the quickstart, so that
// tests need no fixed port.
func moveEcho(t *testing.T, root, addr string) {
	t.Helper()
	for _, name := range []string{"secrets.yaml", "variables.yaml"} {
		path := filepath.Join(root, "examples", "quickstart", name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		moved := strings.ReplaceAll(string(text), "127.0.0.1:8641", addr)
		if moved == string(text) {
			t.Fatalf("%s does not have the address 127.0.0.1:8641", name)
		}
		if err := os.WriteFile(path, []byte(moved), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// freeAddress gives an address that nothing listened on a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// shell runs a script as a person would who pastes it, and gives its standard
// output. A command that fails fails the test.
func shell(t *testing.T, dir string, env []string, script string) string {
	t.Helper()
	c := exec.Command("sh", "-eu", "-c", script)
	c.Dir, c.Env = dir, append(environ(""), env...)
	var out, log bytes.Buffer
	c.Stdout, c.Stderr = &out, &log
	if err := c.Run(); err != nil {
		t.Fatalf("%v\n%s\n--- standard output\n%s--- standard error\n%s", err, script, &out, &log)
	}
	return out.String()
}
