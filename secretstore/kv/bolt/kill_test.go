package bolt_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/reticent/reticent/secretstore/kv"
	"github.com/reticent/reticent/secretstore/kv/bolt"
	"go.etcd.io/bbolt"
	"go.uber.org/goleak"
)

// childEnv names the database that a child of the test writes to.
const childEnv = "RETICENT_BOLT_TEST_CHILD"

const (
	killWriters  = 3
	killRounds   = 25
	killDuration = 4 * time.Second // no new round after it
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(path))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// TestKill kills a writing process at random moments, again and again on one
// file, and looks for every write that the process had acknowledged.
func TestKill(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	acknowledged := make([]int, killWriters)
	rounds := 0
	for start := time.Now(); rounds < killRounds && time.Since(start) < killDuration; rounds++ {
		writeAndKill(t, path, acknowledged)
		checkAcknowledged(t, path, acknowledged)
		if t.Failed() {
			t.FailNow()
		}
	}
	t.Logf("%d kills, acknowledged %d", rounds, acknowledged)
}

// writeAndKill runs a child, kills it, and notes what it acknowledged.
func writeAndKill(t *testing.T, path string, acknowledged []int) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childEnv+"="+path)
	var stderr bytes.Buffer
	child.Stderr = &stderr
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() { _ = child.Process.Kill() }
	left := rand.IntN(30) // acknowledgements to wait for before the kill
	if left == 0 {
		time.AfterFunc(rand.N(20*time.Millisecond), kill)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		var writer, n int
		if _, err := fmt.Sscanf(lines.Text(), "%d %d.", &writer, &n); err != nil {
			t.Fatalf("child said %q: %v", lines.Text(), err)
		}
		acknowledged[writer] = max(acknowledged[writer], n)
		if left--; left == 0 {
			time.AfterFunc(rand.N(3*time.Millisecond), kill)
		}
	}
	if err := child.Wait(); err == nil || stderr.Len() > 0 {
		t.Fatalf("child ended by itself: %v, %s", err, &stderr)
	}
}

// writeUntilKilled is the child: each writer commits its next number under two
// keys and then says so.
func writeUntilKilled(path string) error {
	s, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		return err
	}
	var group sync.WaitGroup
	errs := make([]error, killWriters)
	for writer := range killWriters {
		group.Go(func() { errs[writer] = writeNumbers(s, writer) })
	}
	group.Wait()
	return errors.Join(errs...)
}

func writeNumbers(s kv.Store, writer int) error {
	for {
		var n int
		_, err := s.Update(context.Background(), func(tx kv.WriteTx) error {
			n = 0
			last, err := tx.Get(lastKey(writer))
			if err == nil {
				_, err = fmt.Sscan(string(last), &n)
			}
			if err != nil && !errors.Is(err, kv.ErrNotFound) {
				return err
			}
			n++
			return errors.Join(
				tx.Put(numberKey(writer, n), numberValue(writer, n)),
				tx.Put(lastKey(writer), fmt.Append(nil, n)),
			)
		})
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(os.Stdout, "%d %d.\n", writer, n); err != nil {
			return err
		}
	}
}

func lastKey(writer int) string      { return fmt.Sprintf("last/%d", writer) }
func numberKey(writer, n int) string { return fmt.Sprintf("number/%d/%08d", writer, n) }
func numberValue(writer, n int) []byte {
	return bytes.Repeat(fmt.Appendf(nil, "%d:%d ", writer, n), n%50*8)
}

// checkAcknowledged opens the file and checks that each number is there, whole,
// up to the last one at least, and that nothing else is.
func checkAcknowledged(t *testing.T, path string, acknowledged []int) {
	t.Helper()
	s, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatalf("open after a kill: %v", err)
	}
	err = s.View(t.Context(), func(tx kv.Tx) error {
		commits := 0
		for writer, least := range acknowledged {
			entries, err := tx.List(fmt.Sprintf("number/%d/", writer), "", 0)
			if err != nil {
				return err
			}
			for i, e := range entries {
				if e.Key != numberKey(writer, i+1) || !bytes.Equal(e.Value, numberValue(writer, i+1)) {
					t.Fatalf("writer %d: number %d is %q with %d bytes", writer, i+1, e.Key, len(e.Value))
				}
			}
			if len(entries) < least {
				t.Errorf("writer %d: %d numbers, acknowledged %d", writer, len(entries), least)
			}
			if last, _ := tx.Get(lastKey(writer)); len(entries) > 0 && string(last) != fmt.Sprint(len(entries)) {
				t.Errorf("writer %d: last is %s of %d: half a commit", writer, last, len(entries))
			}
			commits += len(entries)
		}
		if tx.Revision() != int64(commits) {
			t.Errorf("revision %d after %d commits", tx.Revision(), commits)
		}
		return nil
	})
	if err := errors.Join(err, s.Close(), checkPages(path)); err != nil {
		t.Fatal(err)
	}
}

// checkPages runs bbolt's own check of the file.
func checkPages(path string) error {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	err = db.View(func(tx *bbolt.Tx) error {
		var errs []error
		for err := range tx.Check() {
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
	return errors.Join(err, db.Close())
}
