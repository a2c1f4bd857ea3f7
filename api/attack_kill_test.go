package api_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reticent/reticent/api/apitest"
)

const (
	// killRounds is how often the server is killed.
	killRounds = 8
	// killWriters is how many clients write at once, each to resources of its own.
	killWriters = 4
)

// TestKilledServerKeepsWhatItAcknowledged kills the real program with SIGKILL
// while clients write to it, over and over on the same data: whatever it answered
// with a success is there after the next start.
func TestKilledServerKeepsWhatItAcknowledged(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "reticent")
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/reticent").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	data := filepath.Join(t.TempDir(), "data")
	writers := make([]*writer, killWriters)
	for i := range writers {
		writers[i] = &writer{id: i, client: client}
	}
	start := time.Now()
	acknowledged := 0
	for round := range killRounds {
		p := launch(t, binary, data)
		for _, w := range writers {
			w.check(t, p.url)
		}
		// The kill comes in the middle of what the writers do, at another point
		// each time, and waits for none of them.
		written, gone := make(chan struct{}), make(chan struct{})
		var all sync.WaitGroup
		for _, w := range writers {
			all.Go(func() { w.write(p.url, written) })
		}
		go func() {
			all.Wait()
			close(gone)
		}()
		for left := 10 + 2*round; ; {
			select {
			case <-written:
				acknowledged++
				if left--; left == 0 {
					p.kill()
				}
				continue
			case <-gone:
			}
			break
		}
		for _, w := range writers {
			if w.refused != "" {
				t.Fatalf("writer %d was refused: %s", w.id, w.refused)
			}
		}
	}
	p := launch(t, binary, data)
	defer p.kill()
	for _, w := range writers {
		w.check(t, p.url)
	}
	t.Logf("%d writes acknowledged over %d kills in %v", acknowledged, killRounds, time.Since(start).Round(time.Millisecond))
}

// program is the real server in a process of its own.
type program struct {
	cmd *exec.Cmd
	url string
}

func launch(t *testing.T, binary, data string) *program {
	t.Helper()
	cmd := exec.Command(binary, "serve", "--data", data, "--addr", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "RETICENT_TOKEN="+apitest.Token)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &program{cmd: cmd}
	t.Cleanup(p.kill)
	lines := bufio.NewReader(stderr)
	var said strings.Builder
	for p.url == "" {
		line, err := lines.ReadString('\n')
		said.WriteString(line)
		if err != nil {
			t.Fatalf("the server did not start: %v\n%s", err, &said)
		}
		if _, after, ok := strings.Cut(line, "ready on "); ok {
			p.url = strings.Trim(strings.TrimSpace(after), `"`)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	return p
}

func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// writer writes numbers that grow, to a variable, a secret and new scripts.
type writer struct {
	id     int
	client *http.Client
	// acknowledged is the last number that the server answered a write of with
	// success, tried the last one that was sent.
	acknowledged, tried int
	// refused is what a server that lived answered, if it was no success.
	refused string
}

// write writes until the server is gone.
func (w *writer) write(url string, written chan<- struct{}) {
	for {
		w.tried++
		for _, x := range []struct{ path, body string }{
			{fmt.Sprintf("/v1/variables/V%d", w.id), fmt.Sprintf(`{"value":%d}`, w.tried)},
			{fmt.Sprintf("/v1/secrets/S%d", w.id), fmt.Sprintf(`{"value":"%s"}`, w.secret(w.tried))},
			{fmt.Sprintf("/v1/policies/P%d", w.id), fmt.Sprintf(`{"language":"rego","source":"package p\n\nallow if input == [%d, data.secrets.S%d]"}`, w.tried, w.id)},
		} {
			status, body, err := w.send("PUT", url+x.path, x.body)
			if err != nil {
				return
			}
			if status != http.StatusOK && status != http.StatusCreated {
				w.refused = fmt.Sprintf("%s: %d %s", x.path, status, body)
				return
			}
		}
		w.acknowledged = w.tried
		written <- struct{}{}
	}
}

func (w *writer) secret(n int) string { return fmt.Sprintf("kX9-value-of-writer-%d-%06d", w.id, n) }

// check makes sure that each resource is as the last acknowledged round of writes
// left it, or as the one that was cut off did.
func (w *writer) check(t *testing.T, url string) {
	t.Helper()
	if w.acknowledged == 0 {
		return
	}
	status, body, err := w.send("GET", fmt.Sprintf("%s/v1/variables/V%d", url, w.id), "")
	var variable struct{ Value int }
	if err = errors.Join(err, json.Unmarshal(body, &variable)); err != nil || status != http.StatusOK {
		t.Fatalf("writer %d: %d %s %v", w.id, status, body, err)
	}
	if variable.Value < w.acknowledged || variable.Value > w.tried {
		t.Errorf("writer %d: the variable is %d; %d was acknowledged and %d tried", w.id, variable.Value, w.acknowledged, w.tried)
	}
	// The secret shows by its policy, which has a number of its own.
	for _, number := range []int{w.acknowledged, w.tried} {
		for _, secret := range []int{w.acknowledged, w.tried} {
			status, body, err := w.send("POST", fmt.Sprintf("%s/v1/policies/P%d/evaluate", url, w.id), fmt.Sprintf(`{"input":[%d,%q]}`, number, w.secret(secret)))
			var d struct{ Decision bool }
			if err = errors.Join(err, json.Unmarshal(body, &d)); err != nil || status != http.StatusOK {
				t.Fatalf("writer %d: %d %s %v", w.id, status, body, err)
			}
			if d.Decision {
				return
			}
		}
	}
	t.Errorf("writer %d: neither the secret and the policy of round %d nor those of %d are there", w.id, w.acknowledged, w.tried)
}

func (w *writer) send(method, url, body string) (int, []byte, error) {
	q, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	q.Header.Set("Authorization", "Bearer "+apitest.Token)
	response, err := w.client.Do(q)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	return response.StatusCode, raw, err
}
