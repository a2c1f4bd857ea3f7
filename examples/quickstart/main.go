// Command quickstart is what `make run` starts: the echo service and a server
// with throw-away data and the resources of this directory. When the server is
// ready it prints what to type next. Both end with it.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// quickstart says where things are.
type quickstart struct {
	bin      string // the directory of this and the other binaries
	dir      string // the resources
	addr     string // of the server
	echoAddr string
	token    string
}

func main() {
	q := quickstart{token: os.Getenv("RETICENT_TOKEN")}
	flag.StringVar(&q.dir, "dir", "examples/quickstart", "the directory of the resources")
	flag.StringVar(&q.addr, "addr", "127.0.0.1:8640", "the server's address")
	flag.StringVar(&q.echoAddr, "echo-addr", "127.0.0.1:8641", "the echo service's address")
	flag.Parse()
	if err := q.run(); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func (q *quickstart) run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	q.bin = filepath.Dir(self)
	if q.token == "" {
		q.token = "ret_" + strings.ToLower(rand.Text())
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 2)
	if err := q.start(ctx, ended, "echo", "-addr", q.echoAddr, "-token-file", filepath.Join(q.dir, "throw-away-secrets/echo-token")); err != nil {
		return err
	}
	if err := q.start(ctx, ended, "reticent", "serve", "--dev", "--log-level", "warn", "--addr", q.addr, "--apply", q.dir); err != nil {
		return err
	}
	children := 2
	if q.waitReady(ctx, ended) {
		q.next()
	}
	select {
	case <-ctx.Done():
	case err = <-ended: // one of them failed; the other is told to stop
		children--
		cancel()
	}
	for range children {
		<-ended
	}
	return err
}

// start starts a binary that is told to stop when ctx ends.
func (q *quickstart) start(ctx context.Context, ended chan<- error, name string, args ...string) error {
	c := exec.CommandContext(ctx, filepath.Join(q.bin, name), args...)
	c.Env = append(os.Environ(), "RETICENT_TOKEN="+q.token)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := c.Start(); err != nil {
		return err
	}
	go func() {
		err := c.Wait()
		if err == nil {
			err = errors.New("it ended")
		}
		ended <- fmt.Errorf("%s: %w", name, err)
	}()
	return nil
}

// waitReady asks the server until it is ready, and gives false when there is
// nothing to wait for any more.
func (q *quickstart) waitReady(ctx context.Context, ended chan error) bool {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case err := <-ended:
			ended <- err // for whoever waits for the end
			return false
		case <-tick.C:
		}
		response, err := http.Get("http://" + q.addr + "/readyz")
		if err != nil {
			continue
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return true
		}
	}
}

// next prints what to type.
func (q *quickstart) next() {
	cli, requests := shorten(filepath.Join(q.bin, "reticent")), filepath.Join(q.dir, "requests")
	fmt.Printf(`
The server is ready, with the quickstart loaded. In another shell, here, type:

  export RETICENT_ADDR=http://%s RETICENT_TOKEN=%s
  %s eval --input %s
  %s script run call-echo

The second asks for a decision, the third calls a service with a secret that
nobody gets to see. Ctrl-C ends it all.

`, q.addr, q.token, cli, filepath.Join(requests, "order-allowed.json"), cli)
}

// shorten gives a path relative to the working directory where it is below it.
func shorten(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if short, ok := strings.CutPrefix(path, here+string(filepath.Separator)); ok {
		return short
	}
	return path
}
