package secretstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/kv/bolt"
)

// childEnv tells a child of the test its data directory and its first operation.
const childEnv = "RETICENT_STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	if job := os.Getenv(childEnv); job != "" {
		fmt.Fprintln(os.Stderr, operateUntilKilled(job))
		os.Exit(1)
	}
	if dir := os.Getenv(rotatingEnv); dir != "" {
		fmt.Fprintln(os.Stderr, rotateUntilKilled(dir))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// killRounds is how often the process is killed, at most; no round begins after
// killDuration.
const (
	killRounds   = 40
	killDuration = 4 * time.Second
)

// TestKilledBetweenSteps kills a process that changes the versions of a secret,
// again and again on the same data: the secret is then as the model is after the
// last operation that was acknowledged, or after the one that was under way, and
// so always has an enabled version that opens.
func TestKilledBetweenSteps(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, dir).Close(); err != nil { // makes the key
		t.Fatal(err)
	}
	m, done, kills := &model{}, 0, 0
	for start := time.Now(); kills < killRounds && time.Since(start) < killDuration; kills++ {
		acknowledged := operateAndKill(t, dir, done)
		for ; done < acknowledged; done++ {
			_ = m.apply(operationAt(done, m))
		}
		underWay := m.clone()
		_ = underWay.apply(operationAt(done, underWay))
		s := open(t, dir)
		switch before, after := m.differs(s, "KEY"), underWay.differs(s, "KEY"); {
		case after == "":
			m, done = underWay, done+1
		case before != "":
			t.Fatalf("after %d operations: %s\nafter one more: %s", done, before, after)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d operations, %d kills", done, kills)
}

// operateAndKill runs a child, kills it and gives how many operations it had
// acknowledged.
func operateAndKill(t *testing.T, dir string, first int) int {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", childEnv, first, dir))
	var stderr strings.Builder
	child.Stderr = &stderr
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged, left := first, 1+rand.IntN(25)
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if _, err := fmt.Sscanf(lines.Text(), "%d.", &acknowledged); err != nil {
			t.Fatalf("the child said %q: %v", lines.Text(), err)
		}
		if left--; left == 0 {
			time.AfterFunc(rand.N(2*time.Millisecond), func() { _ = child.Process.Kill() })
		}
	}
	if err := child.Wait(); err == nil || stderr.Len() > 0 {
		t.Fatalf("the child ended by itself: %v, %s", err, &stderr)
	}
	return acknowledged
}

// operateUntilKilled is the child. It performs one operation after the other and
// says so.
func operateUntilKilled(job string) error {
	var first int
	number, dir, _ := strings.Cut(job, " ")
	if _, err := fmt.Sscan(number, &first); err != nil {
		return err
	}
	dir = filepath.Join(dir, "data")
	keys, err := envelope.OpenFile(filepath.Join(dir, "key.json"))
	if err != nil {
		return err
	}
	db, err := bolt.Open(filepath.Join(dir, "state.db"), bolt.Options{})
	if err != nil {
		return err
	}
	ctx := context.Background()
	s, err := secretstore.Open(ctx, secretstore.Config{KV: db, Keys: keys, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	m := &model{}
	for i := range first {
		_ = m.apply(operationAt(i, m))
	}
	for i := first; ; i++ {
		op := operationAt(i, m)
		if err, want := do(ctx, s, "KEY", op), m.apply(op); !errors.Is(err, want) {
			return fmt.Errorf("%s: %w", op, err)
		}
		if _, err := fmt.Printf("%d.\n", i+1); err != nil {
			return err
		}
	}
}
