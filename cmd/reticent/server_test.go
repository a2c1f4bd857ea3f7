package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// patience bounds every wait of these tests.
const patience = time.Minute

// testServer is a `reticent serve` that a test started.
type testServer struct {
	cmd   *exec.Cmd
	url   string
	token string
	ended chan error
}

// startServer starts the binary in a directory and waits until it says that it is
// ready. Its standard error goes to server.log in that directory, and what it
// throws away to tmp.
func startServer(dir, tmp, token string, args ...string) (*testServer, error) {
	binary, err := selfPath()
	if err != nil {
		return nil, err
	}
	file, err := os.Create(filepath.Join(dir, "server.log"))
	if err != nil {
		return nil, err
	}
	s := &testServer{token: token, ended: make(chan error, 1)}
	s.cmd = exec.Command(binary, append([]string{"serve", "--addr", "127.0.0.1:0", "--script-workers", "1"}, args...)...)
	s.cmd.Dir, s.cmd.Env = dir, append(environ(token), "TMPDIR="+tmp)
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	ready := make(chan error, 1)
	go func() {
		ready <- s.untilReady(bufio.NewScanner(io.TeeReader(stderr, file)))
		_, err := io.Copy(file, stderr)
		s.ended <- errors.Join(err, s.cmd.Wait(), file.Close())
	}()
	select {
	case err = <-ready:
	case <-time.After(patience):
		err = errors.New("the server is not ready")
	}
	if err != nil {
		return nil, errors.Join(err, s.kill())
	}
	return s, nil
}

// untilReady reads the log up to the line that says ready.
func (s *testServer) untilReady(log *bufio.Scanner) error {
	var lines []string
	for log.Scan() {
		line := log.Text()
		if _, token, ok := strings.Cut(line, " "+tokenVariable+"="); ok {
			s.token = token
		}
		if url, ok := strings.CutPrefix(line, "reticent: ready on "); ok {
			s.url = url
			return nil
		}
		lines = append(lines, line)
	}
	return fmt.Errorf("the server ended and said:\n%s", strings.Join(lines, "\n"))
}

// stop tells the server to stop; it must end well.
func (s *testServer) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.wait()
}

// kill ends a server that still runs.
func (s *testServer) kill() error {
	if err := s.cmd.Process.Kill(); errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	_ = s.wait() // it was killed
	return nil
}

func (s *testServer) wait() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case err := <-s.ended:
		return err
	case <-ctx.Done():
		return errors.New("the server does not end")
	}
}
