package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestDocuments runs the examples of the documents, in a checkout whose server
// has the quickstart loaded, as `make run` starts it. A block that begins with
//
//	```sh test
//
// is run; its blocks are one session of a shell. A block ```output that follows
// has what is printed, where "…" stands for any text in a line, and a line "…" for
// any number of lines.
func TestDocuments(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, file := range append(files, "../../README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		examples := examplesOf(string(text))
		if len(examples) == 0 {
			continue
		}
		ran += len(examples)
		t.Run(filepath.Base(file), func(t *testing.T) { runExamples(t, examples) })
	}
	if ran < 20 {
		t.Errorf("the documents have %d examples; are they still found?", ran)
	}
}

// example is a block to run, and the lines that it prints, nil for any.
type example struct {
	script string
	want   []string
}

func examplesOf(text string) []example {
	var out []example
	var block []string
	fence := "" // of the block that is open
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		mark, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && fence == "":
			fence, block = "```"+mark, nil
		case isFence:
			switch last := len(out) - 1; fence {
			case "```sh test":
				out = append(out, example{script: strings.Join(block, "\n")})
			case "```output":
				out[last].want = block
			}
			fence = ""
		case fence != "":
			block = append(block, line)
		}
	}
	return out
}

func runExamples(t *testing.T, examples []example) {
	root := checkout(t)
	echo := freeAddress(t)
	moveEcho(t, root, echo)
	startEcho(t, root, echo)
	s, err := startServer(root, t.TempDir(), "token-of-the-documents-77ae", "--dev", "--apply", "examples/quickstart")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.kill() })

	const mark = "@@ end of an example @@"
	var script strings.Builder
	script.WriteString("exec 2>&1\n")
	for _, e := range examples {
		fmt.Fprintf(&script, "%s\necho '%s'\n", e.script, mark)
	}
	out := shell(t, root, []string{addrVariable + "=" + s.url, tokenVariable + "=" + s.token}, script.String())
	out = strings.ReplaceAll(out, echo, "127.0.0.1:8641")
	printed := strings.Split(out, mark+"\n")
	for i, e := range examples {
		got := strings.Split(strings.TrimSuffix(printed[i], "\n"), "\n")
		if e.want != nil && !matches(got, e.want) {
			t.Errorf("this example prints something else (-document +real):\n%s\n%s", e.script, cmp.Diff(e.want, got))
		}
	}
}

// matches compares lines; "…" in want stands for any number of them.
func matches(got, want []string) bool {
	if len(want) == 0 {
		return len(got) == 0
	}
	if strings.TrimSpace(want[0]) == "…" {
		for skip := range len(got) + 1 {
			if matches(got[skip:], want[1:]) {
				return true
			}
		}
		return false
	}
	return len(got) > 0 && lineMatches(got[0], want[0]) && matches(got[1:], want[1:])
}

func lineMatches(got, want string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*")
	return regexp.MustCompile("^" + pattern + "$").MatchString(got)
}

// startEcho starts the quickstart's echo service.
func startEcho(t *testing.T, root, addr string) {
	t.Helper()
	build := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(root, "bin"), "../../examples/...")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c := exec.Command(filepath.Join(root, "bin", "echo"), "-addr", addr)
	c.Dir, c.Stderr = root, os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait() // it was killed
	})
	deadline := time.Now().Add(patience)
	for {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the echo service does not listen")
		}
	}
}
