package kvtest

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/reticent/reticent/secretstore/kv"
)

func testErrorWritesNothing(t *testing.T, b Backend) {
	s := open(t, b)
	before := write(t, s, "put a 1")
	broken := errors.New("broken")
	_, err := s.Update(patient(t), func(tx kv.WriteTx) error {
		return errors.Join(apply(tx, "put a 2 put b 2"), broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("update: %v, want the error of its function", err)
	}
	if err := s.View(patient(t), func(kv.Tx) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("view: %v, want the error of its function", err)
	}
	equal(t, "stored", list(t, s, "", "", 0), "a=1")
	next(t, s, before, write(t, s, "put c 3"), "c=3")
}

func testPanicWritesNothing(t *testing.T, b Backend) {
	s := open(t, b)
	before := write(t, s, "put a 1")
	expectPanic := func(run func()) {
		t.Helper()
		defer func() {
			if recover() == nil {
				t.Error("the panic did not arrive")
			}
		}()
		run()
	}
	expectPanic(func() {
		_, _ = s.Update(patient(t), func(tx kv.WriteTx) error {
			if err := apply(tx, "put a 2 put b 2"); err != nil {
				t.Error(err)
			}
			panic("stop")
		})
	})
	expectPanic(func() { _ = s.View(patient(t), func(kv.Tx) error { panic("stop") }) })
	equal(t, "stored", list(t, s, "", "", 0), "a=1")
	next(t, s, before, write(t, s, "put c 3"), "c=3")
}

func testTxDone(t *testing.T, b Backend) {
	s := open(t, b)
	var kept []kv.Tx
	var keptWrite kv.WriteTx
	view(t, s, func(tx kv.Tx) error {
		kept = append(kept, tx)
		return nil
	})
	_, err := s.Update(patient(t), func(tx kv.WriteTx) error {
		kept, keptWrite = append(kept, tx), tx
		return tx.Put("a", nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tx := range kept {
		_, getErr := tx.Get("a")
		_, listErr := tx.List("", "", 0)
		for _, err := range []error{getErr, listErr} {
			if !errors.Is(err, kv.ErrTxDone) {
				t.Errorf("read after the end: %v, want ErrTxDone", err)
			}
		}
	}
	for _, err := range []error{keptWrite.Put("a", nil), keptWrite.Delete("a")} {
		if !errors.Is(err, kv.ErrTxDone) {
			t.Errorf("write after the end: %v, want ErrTxDone", err)
		}
	}
}

func testSnapshot(t *testing.T, b Backend) {
	s := open(t, b)
	revision := write(t, s, "put a 1 put b 1")
	view(t, s, func(tx kv.Tx) error {
		check := func(when string) {
			entries, err := tx.List("", "", 0)
			equal(t, when, dump(entries), "a=1 b=1")
			_, getErr := tx.Get("c")
			if err != nil || !errors.Is(getErr, kv.ErrNotFound) {
				t.Errorf("%s: list: %v, get: %v", when, err, getErr)
			}
			equal(t, "revision "+when, tx.Revision(), revision)
		}
		check("before")
		done := make(chan error)
		go func() {
			_, err := s.Update(patient(t), func(tx kv.WriteTx) error { return apply(tx, "put a 2 delete b put c 2") })
			done <- err
		}()
		if err := <-done; err != nil {
			return err
		}
		check("after another commit")
		return nil
	})
	equal(t, "a new view", list(t, s, "", "", 0), "a=2 c=2")
}

// start runs fn for 0 to n-1 at once, and returns what waits for them.
func start(n int, fn func(i int)) (wait func()) {
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { fn(i) })
	}
	return group.Wait
}

func testIncrements(t *testing.T, b Backend) {
	s := open(t, b)
	const workers, each = 8, 12
	wait := start(workers, func(int) {
		for range each {
			if _, err := s.Update(patient(t), increment); err != nil {
				t.Errorf("increment: %v", err)
			}
		}
	})
	wait()
	equal(t, "counter", list(t, s, "", "", 0), fmt.Sprintf("n=%d", workers*each))
}

func increment(tx kv.WriteTx) error {
	n := 0
	value, err := tx.Get("n")
	if err == nil {
		n, err = strconv.Atoi(string(value))
	}
	if err != nil && !errors.Is(err, kv.ErrNotFound) {
		return err
	}
	return tx.Put("n", []byte(strconv.Itoa(n+1)))
}

// testNoWriteSkew has two transactions read both keys and clear one each, if the
// other is still set: one has to see that the other has been there.
func testNoWriteSkew(t *testing.T, b Backend) {
	s := open(t, b)
	keys := []string{"a", "b"}
	for range 10 {
		write(t, s, "put a 1 put b 1")
		wait := start(2, func(i int) {
			_, err := s.Update(patient(t), func(tx kv.WriteTx) error {
				if _, err := tx.Get(keys[1-i]); errors.Is(err, kv.ErrNotFound) {
					return nil
				}
				return tx.Delete(keys[i])
			})
			if err != nil {
				t.Errorf("update: %v", err)
			}
		})
		wait()
		if got := list(t, s, "", "", 0); len(got) != len("a=1") {
			t.Fatalf("left %q, want one of the two keys", got)
		}
	}
}

func testNoPhantoms(t *testing.T, b Backend) {
	s := open(t, b)
	for round := range 5 {
		prefix := fmt.Sprintf("round%d/", round)
		wait := start(4, func(i int) {
			_, err := s.Update(patient(t), func(tx kv.WriteTx) error {
				taken, err := tx.List(prefix, "", 1)
				if err != nil || len(taken) > 0 {
					return err
				}
				return tx.Put(prefix+strconv.Itoa(i), nil)
			})
			if err != nil {
				t.Errorf("update: %v", err)
			}
		})
		wait()
		view(t, s, func(tx kv.Tx) error {
			entries, err := tx.List(prefix, "", 0)
			if len(entries) != 1 {
				t.Errorf("%d transactions found nothing and put a key, want 1", len(entries))
			}
			return err
		})
	}
}
