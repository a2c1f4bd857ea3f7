package kvtest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/kv"
)

func testCRUD(t *testing.T, b Backend) {
	s := open(t, b)
	write(t, s, "put a 1 put b 2")
	equal(t, "after two puts", list(t, s, "", "", 0), "a=1 b=2")
	write(t, s, "put a 3 delete b delete none")
	equal(t, "after an overwrite and a delete", list(t, s, "", "", 0), "a=3")
	write(t, s, "delete a put a 4 put a 5 put c 1 delete c")
	equal(t, "after several writes of a key", list(t, s, "", "", 0), "a=5")
	err := s.View(patient(t), func(tx kv.Tx) error {
		value, err := tx.Get("a")
		if string(value) != "5" || err != nil {
			t.Errorf("get a: %q, %v", value, err)
		}
		_, err = tx.Get("b")
		return err
	})
	if !errors.Is(err, kv.ErrNotFound) {
		t.Errorf("get of a deleted key: %v, want ErrNotFound", err)
	}
}

func testEmptyValue(t *testing.T, b Backend) {
	s := open(t, b)
	check := func(tx kv.Tx) error {
		for _, key := range []string{"empty", "nil"} {
			if value, err := tx.Get(key); err != nil || len(value) != 0 {
				t.Errorf("get %s: %q, %v; want an empty value", key, value, err)
			}
		}
		entries, err := tx.List("", "", 0)
		equal(t, "list", dump(entries), "empty= nil=")
		return err
	}
	_, err := s.Update(patient(t), func(tx kv.WriteTx) error {
		return errors.Join(tx.Put("empty", []byte{}), tx.Put("nil", nil), check(tx))
	})
	if err != nil {
		t.Fatal(err)
	}
	view(t, s, check)
}

func testBinaryKeys(t *testing.T, b Backend) {
	s := open(t, b)
	keys := []string{"\x00", "\x00\x00", "a", "a\x00", "a\x00b", "a\xff", "a\xff\xff", "b", "\xff", "\xff\xff"}
	_, err := s.Update(patient(t), func(tx kv.WriteTx) error {
		for _, i := range []int{3, 9, 0, 5, 1, 8, 2, 7, 6, 4} {
			if err := tx.Put(keys[i], []byte(keys[i])); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	view(t, s, func(tx kv.Tx) error {
		for _, prefix := range append(keys, "") {
			var want []string
			for _, key := range keys {
				if strings.HasPrefix(key, prefix) {
					want = append(want, key)
				}
			}
			entries, err := tx.List(prefix, "", 0)
			if err != nil {
				return err
			}
			var got []string
			for _, e := range entries {
				got = append(got, e.Key)
			}
			equal(t, fmt.Sprintf("keys under %q", prefix), got, want)
		}
		return nil
	})
}

func testValuesAreCopies(t *testing.T, b Backend) {
	s := open(t, b)
	given := []byte("value")
	var fromGet []byte
	var fromList []kv.Entry
	_, err := s.Update(patient(t), func(tx kv.WriteTx) (err error) {
		if err := tx.Put("k", given); err != nil {
			return err
		}
		given[0] = 'X'
		if fromGet, err = tx.Get("k"); err != nil {
			return err
		}
		equal(t, "Get after changing what was put", string(fromGet), "value")
		fromGet[0] = 'X'
		if fromList, err = tx.List("k", "", 0); err != nil {
			return err
		}
		equal(t, "List after changing what Get returned", dump(fromList), "k=value")
		given[0], fromList[0].Value[0] = 'v', 'X'
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "stored after changing what List returned", list(t, s, "", "", 0), "k=value")

	view(t, s, func(tx kv.Tx) (err error) {
		if fromGet, err = tx.Get("k"); err != nil {
			return err
		}
		fromList, err = tx.List("", "", 0)
		return err
	})
	write(t, s, "put k other")
	fromGet[0], fromList[0].Value[0] = 'V', 'V'
	equal(t, "kept from Get", string(fromGet), "Value")
	equal(t, "kept from List", dump(fromList), "k=Value")
	equal(t, "stored", list(t, s, "", "", 0), "k=other")
}

func testLimits(t *testing.T, b Backend) {
	s := open(t, b)
	write(t, s, "put before 1")
	for _, test := range []struct {
		limit string
		write func(tx kv.WriteTx) error
	}{
		{"MaxKeyBytes", func(tx kv.WriteTx) error { return tx.Put(strings.Repeat("k", kv.MaxKeyBytes+1), nil) }},
		{"MaxKeyBytes", func(tx kv.WriteTx) error { return tx.Delete(strings.Repeat("k", kv.MaxKeyBytes+1)) }},
		{"MaxValueBytes", func(tx kv.WriteTx) error { return tx.Put("k", make([]byte, kv.MaxValueBytes+1)) }},
		{"MaxTxBytes", func(tx kv.WriteTx) error {
			full := make([]byte, kv.MaxValueBytes)
			return errors.Join(tx.Put("a", full), tx.Put("b", full))
		}},
		{"MaxTxWrites", func(tx kv.WriteTx) error {
			for range kv.MaxTxWrites {
				if err := tx.Put("k", nil); err != nil {
					return err
				}
			}
			return tx.Delete("k")
		}},
	} {
		_, err := s.Update(patient(t), test.write)
		if limit := new(kv.LimitError); !errors.As(err, &limit) || limit.Limit != test.limit {
			t.Errorf("got %v, want a LimitError that names %s", err, test.limit)
		}
	}
	for _, empty := range []func(kv.WriteTx) error{
		func(tx kv.WriteTx) error { return tx.Put("", nil) },
		func(tx kv.WriteTx) error { return tx.Delete("") },
	} {
		if _, err := s.Update(patient(t), empty); !errors.Is(err, kv.ErrEmptyKey) {
			t.Errorf("empty key: got %v, want ErrEmptyKey", err)
		}
	}
	equal(t, "stored", list(t, s, "", "", 0), "before=1")
}

func testLargestTransaction(t *testing.T, b Backend) {
	s := open(t, b)
	key := strings.Repeat("k", kv.MaxKeyBytes)
	full := bytes.Repeat([]byte("v"), kv.MaxValueBytes)
	_, err := s.Update(patient(t), func(tx kv.WriteTx) error {
		for i := range kv.MaxTxWrites - 1 {
			if err := tx.Put(fmt.Sprintf("few/%d", i), []byte("0123456789")); err != nil {
				return err
			}
		}
		return tx.Put(key, full)
	})
	if err != nil {
		t.Fatalf("a transaction within the limits: %v", err)
	}
	view(t, s, func(tx kv.Tx) error {
		entries, err := tx.List("few/", "", 0)
		equal(t, "number of small keys", len(entries), kv.MaxTxWrites-1)
		if err != nil {
			return err
		}
		value, err := tx.Get(key)
		if !bytes.Equal(value, full) {
			t.Errorf("the largest value came back with %d bytes", len(value))
		}
		return err
	})
}
