package record

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"math"
	"time"
)

// NewID makes an id, "x" and 32 characters of hexadecimal, that orders what
// started later before what started earlier.
func NewID(started time.Time) string {
	b := binary.BigEndian.AppendUint64(nil, math.MaxUint64-uint64(started.UnixMilli()))
	var random [8]byte
	_, _ = rand.Read(random[:])
	return "x" + hex.EncodeToString(append(b, random[:]...))
}

// idLength is how long an id is, and timeLength the part that tells the time.
const (
	idLength   = 33
	timeLength = 17
)
