package kv

import "bytes"

// Clone returns a copy of b that shares no memory with it.
func (b Batch) Clone() Batch {
	changes := make([]Change, len(b.Changes))
	for i, c := range b.Changes {
		c.Value = bytes.Clone(c.Value)
		changes[i] = c
	}
	return Batch{Revision: b.Revision, Changes: changes}
}

// Size returns the bytes of the keys and values in b.
func (b Batch) Size() int {
	size := 0
	for _, c := range b.Changes {
		size += len(c.Key) + len(c.Value)
	}
	return size
}
