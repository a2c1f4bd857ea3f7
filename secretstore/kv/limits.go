package kv

import "fmt"

// Limits that hold in every backend, so that what one took the other takes. They
// are well within what bbolt and a default etcd (requests of 1.5 MiB) accept.
const (
	// MaxKeyBytes bounds a key.
	MaxKeyBytes = 1024

	// MaxValueBytes bounds a value.
	MaxValueBytes = 1 << 20

	// MaxTxBytes bounds the keys and values of all writes of one transaction.
	// A value of the greatest length fits, with what accompanies it.
	MaxTxBytes = MaxValueBytes + 256<<10

	// MaxTxWrites bounds the calls of Put and Delete in one transaction.
	MaxTxWrites = 4096
)

// LimitError says which limit a write is over. It names no value.
type LimitError struct {
	Limit string // the name of the constant, such as "MaxValueBytes"
	Max   int    // what it allows
	Got   int    // what was asked for
}

// Error names the limit and both sizes.
func (e *LimitError) Error() string {
	return fmt.Sprintf("limit %s: %d is more than %d", e.Limit, e.Got, e.Max)
}

// Budget counts what one transaction writes, for backends. The zero Budget is
// that of a new transaction.
type Budget struct {
	writes, bytes int
}

// Put counts a Put, or refuses it.
func (b *Budget) Put(key string, value []byte) error {
	if len(value) > MaxValueBytes {
		return &LimitError{Limit: "MaxValueBytes", Max: MaxValueBytes, Got: len(value)}
	}
	return b.write(key, len(key)+len(value))
}

// Delete counts a Delete, or refuses it.
func (b *Budget) Delete(key string) error {
	return b.write(key, len(key))
}

func (b *Budget) write(key string, size int) error {
	switch {
	case key == "":
		return ErrEmptyKey
	case len(key) > MaxKeyBytes:
		return &LimitError{Limit: "MaxKeyBytes", Max: MaxKeyBytes, Got: len(key)}
	case b.bytes+size > MaxTxBytes:
		return &LimitError{Limit: "MaxTxBytes", Max: MaxTxBytes, Got: b.bytes + size}
	case b.writes == MaxTxWrites:
		return &LimitError{Limit: "MaxTxWrites", Max: MaxTxWrites, Got: b.writes + 1}
	}
	b.bytes += size
	b.writes++
	return nil
}
