package kvtest

import (
	"fmt"
	"testing"

	"github.com/reticent/reticent/secretstore/kv"
)

func testList(t *testing.T, b Backend) {
	s := open(t, b)
	equal(t, "empty store", list(t, s, "", "", 0), "")
	write(t, s, "put b/3 3 put b/1 1 put b/2 2 put a 0 put b 0 put b0 0 put c 0")
	for _, test := range []struct {
		prefix, after string
		limit         int
		want          string
	}{
		{"", "", 0, "a=0 b=0 b/1=1 b/2=2 b/3=3 b0=0 c=0"},
		{"", "", -1, "a=0 b=0 b/1=1 b/2=2 b/3=3 b0=0 c=0"},
		{"", "", 2, "a=0 b=0"},
		{"", "b/3", 0, "b0=0 c=0"},
		{"", "c", 0, ""},
		{"b/", "", 0, "b/1=1 b/2=2 b/3=3"},
		{"b/", "", 3, "b/1=1 b/2=2 b/3=3"},
		{"b/", "", 4, "b/1=1 b/2=2 b/3=3"},
		{"b/", "b/1", 1, "b/2=2"},
		{"b/", "b/1", 0, "b/2=2 b/3=3"},
		{"b/", "b/10", 0, "b/2=2 b/3=3"}, // after a key that does not exist
		{"b/", "b/3", 0, ""},
		{"b/", "b/", 0, "b/1=1 b/2=2 b/3=3"},
		{"b/", "a", 0, "b/1=1 b/2=2 b/3=3"}, // after a key before the prefix
		{"b/", "c", 0, ""},                  // and one behind it
		{"b", "", 0, "b=0 b/1=1 b/2=2 b/3=3 b0=0"},
		{"b", "b", 0, "b/1=1 b/2=2 b/3=3 b0=0"}, // the prefix is a key itself
		{"b/1", "", 0, "b/1=1"},
		{"d", "", 0, ""},
	} {
		what := fmt.Sprintf("List(%q, %q, %d)", test.prefix, test.after, test.limit)
		equal(t, what, list(t, s, test.prefix, test.after, test.limit), test.want)
	}
}

func testListSeesOwnWrites(t *testing.T, b Backend) {
	s := open(t, b)
	write(t, s, "put a 1 put b 1 put c 1 put x 1")
	_, err := s.Update(patient(t), func(tx kv.WriteTx) error {
		if err := apply(tx, "put b 2 delete c put d 2 put e 2 delete e"); err != nil {
			return err
		}
		for _, test := range []struct {
			after string
			limit int
			want  string
		}{
			{"", 0, "a=1 b=2 d=2 x=1"},
			{"", 3, "a=1 b=2 d=2"},
			{"b", 1, "d=2"},
		} {
			entries, err := tx.List("", test.after, test.limit)
			if err != nil {
				return err
			}
			equal(t, fmt.Sprintf("after %q, %d at most", test.after, test.limit), dump(entries), test.want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func testPaging(t *testing.T, b Backend) {
	s := open(t, b)
	const keys = 100
	_, err := s.Update(patient(t), func(tx kv.WriteTx) error {
		for i := range keys {
			if err := tx.Put(fmt.Sprintf("p/%03d", i), []byte{byte(i)}); err != nil {
				return err
			}
		}
		return tx.Put("q", nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1, 7, 50, 99, 100, 101} {
		got, after := 0, ""
		for {
			var page []kv.Entry
			view(t, s, func(tx kv.Tx) (err error) {
				page, err = tx.List("p/", after, size)
				return err
			})
			for _, e := range page {
				if int(e.Value[0]) != got {
					t.Fatalf("page size %d: entry %d is %q", size, got, e.Key)
				}
				got++
			}
			if len(page) < size {
				break
			}
			after = page[len(page)-1].Key
		}
		equal(t, fmt.Sprintf("entries by pages of %d", size), got, keys)
	}
}
