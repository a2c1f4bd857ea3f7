package kv_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/kv"
)

func TestBudget(t *testing.T) {
	t.Parallel()
	longKey := strings.Repeat("k", kv.MaxKeyBytes)
	full := make([]byte, kv.MaxValueBytes)
	for _, test := range []struct {
		name  string
		write func(*kv.Budget) error
		limit string // "" if all is well
	}{
		{"longest key", func(b *kv.Budget) error { return b.Put(longKey, nil) }, ""},
		{"key too long", func(b *kv.Budget) error { return b.Put(longKey+"k", nil) }, "MaxKeyBytes"},
		{"key too long to delete", func(b *kv.Budget) error { return b.Delete(longKey + "k") }, "MaxKeyBytes"},
		{"longest value under the longest key", func(b *kv.Budget) error { return b.Put(longKey, full) }, ""},
		{"value too long", func(b *kv.Budget) error { return b.Put("k", append(full, 0)) }, "MaxValueBytes"},
		{"too many bytes", func(b *kv.Budget) error {
			return errors.Join(b.Put("a", full), b.Put("b", full[:kv.MaxTxBytes-kv.MaxValueBytes]))
		}, "MaxTxBytes"},
		{"as many bytes as there can be", func(b *kv.Budget) error {
			return errors.Join(b.Put("a", full), b.Put("b", full[:kv.MaxTxBytes-kv.MaxValueBytes-2]))
		}, ""},
		{"as many writes as there can be", func(b *kv.Budget) error { return deletes(b, kv.MaxTxWrites) }, ""},
		{"too many writes", func(b *kv.Budget) error { return deletes(b, kv.MaxTxWrites+1) }, "MaxTxWrites"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := test.write(new(kv.Budget))
			var limit *kv.LimitError
			switch {
			case test.limit == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.limit != "" && (!errors.As(err, &limit) || limit.Limit != test.limit):
				t.Errorf("got %v, want an error that names %s", err, test.limit)
			case test.limit != "" && !strings.Contains(err.Error(), test.limit):
				t.Errorf("message %q does not name %s", err, test.limit)
			}
		})
	}
	if err := new(kv.Budget).Put("", nil); !errors.Is(err, kv.ErrEmptyKey) {
		t.Errorf("empty key: got %v, want ErrEmptyKey", err)
	}
}

func deletes(b *kv.Budget, n int) error {
	for range n {
		if err := b.Delete("k"); err != nil {
			return err
		}
	}
	return nil
}
