package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestPromptDoesNotEcho types a value into a terminal when it is asked for, and
// looks at all that the terminal then shows.
func TestPromptDoesNotEcho(t *testing.T) {
	const value = canary + "1f8a0c7be2-b7d3c9"
	s, err := startServer(t.TempDir(), t.TempDir(), "token-of-the-tests-51c0", "--dev")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.kill() })

	screen, terminal := openTerminal(t)
	binary, err := selfPath()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "secret", "create", "API_KEY", "--addr", s.url)
	cmd.Env = environ(s.token)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var shown bytes.Buffer
	for _, question := range []string{"(it is not shown): ", "the same again: "} {
		until(t, screen, &shown, question)
		if _, err := screen.WriteString(value + "\n"); err != nil {
			t.Fatal(err)
		}
	}
	until(t, screen, &shown, "created secret API_KEY, version 1")
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v; the terminal shows:\n%s", err, shown.String())
	}
	if strings.Contains(shown.String(), canary) {
		t.Errorf("the terminal shows the value:\n%s", shown.String())
	}
	if mode, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS); err != nil || mode.Lflag&unix.ECHO == 0 {
		t.Errorf("echo is not on again (%v)", err)
	}
}

// openTerminal makes a pseudo-terminal: what a person sees and types at, and what
// a program has.
func openTerminal(t *testing.T) (screen, terminal *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = screen.Close() })
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	return screen, terminal
}

// until reads what the screen shows until it shows a text.
func until(t *testing.T, screen *os.File, shown *bytes.Buffer, text string) {
	t.Helper()
	found := make(chan error, 1)
	go func() {
		chunk := make([]byte, 1024)
		for !strings.Contains(shown.String(), text) {
			n, err := screen.Read(chunk)
			if err != nil {
				found <- err
				return
			}
			shown.Write(chunk[:n])
		}
		found <- nil
	}()
	select {
	case err := <-found:
		if err != nil {
			t.Fatalf("%v; the terminal shows:\n%s", err, shown.String())
		}
	case <-time.After(patience):
		t.Fatalf("the terminal does not show %q", text)
	}
}
