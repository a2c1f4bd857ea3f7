package worker

import (
	"bufio"
	"errors"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/secretstore/seal"
)

// wire is the bridge of a worker: calls of the host are messages on its pipe.
type wire struct {
	in, out *os.File
	read    *bufio.Reader     // of in
	memory  int64             // the limit of the process
	ends    []host.Completion // fetches that ended while an answer was awaited
}

// errPipe is given when the server is gone, after which nothing matters.
var errPipe = errors.New("worker: the server is gone")

// reset forgets the ends of fetches that no run waits for any more.
func (w *wire) reset() { w.ends = nil }

// ask sends a call and waits for its answer.
func (w *wire) ask(c call) (reply, error) {
	if err := writeFrame(w.out, word{Call: &c}); err != nil {
		if errors.Is(err, errFrame) {
			return reply{}, &seal.Error{Code: host.CodeCalls, Message: err.Error()}
		}
		os.Exit(0)
	}
	for {
		r := w.hear()
		if r.End != nil {
			w.ends = append(w.ends, *r.End)
			continue
		}
		if r.Error != nil {
			return r, r.Error
		}
		return r, nil
	}
}

func (w *wire) hear() reply {
	var r reply
	if readFrame(w.read, &r) != nil {
		os.Exit(0)
	}
	return r
}

// Holds, and the rest, are host.Bridge.
func (w *wire) Holds(s string) (bool, error) {
	r, err := w.ask(call{Op: opHolds, A: host.Bytes(s)})
	return r.Bool, err
}

// Equal is host.Bridge's.
func (w *wire) Equal(a, b string) (bool, error) {
	r, err := w.ask(call{Op: opEqual, A: host.Bytes(a), B: host.Bytes(b)})
	return r.Bool, err
}

// EqualNumber is host.Bridge's.
func (w *wire) EqualNumber(s string, n float64) (bool, error) {
	r, err := w.ask(call{Op: opEqualNumber, A: host.Bytes(s), Number: strconv.FormatFloat(n, 'g', -1, 64)})
	return r.Bool, err
}

// Contains is host.Bridge's.
func (w *wire) Contains(haystack, needle string) (bool, error) {
	r, err := w.ask(call{Op: opContains, A: host.Bytes(haystack), B: host.Bytes(needle)})
	return r.Bool, err
}

// Index is host.Bridge's.
func (w *wire) Index(haystack, needle string) (int, error) {
	r, err := w.ask(call{Op: opIndex, A: host.Bytes(haystack), B: host.Bytes(needle)})
	return r.Number, err
}

// Derive is host.Bridge's.
func (w *wire) Derive(f seal.Func, s string) (string, error) {
	r, err := w.ask(call{Op: opDerive, A: host.Bytes(f), B: host.Bytes(s)})
	return string(r.Text), err
}

// Underive is host.Bridge's.
func (w *wire) Underive(f seal.Func, s string) (string, error) {
	r, err := w.ask(call{Op: opUnderive, A: host.Bytes(f), B: host.Bytes(s)})
	return string(r.Text), err
}

// MAC is host.Bridge's.
func (w *wire) MAC(hash seal.Hash, key, message string) (string, error) {
	r, err := w.ask(call{Op: opMAC, A: host.Bytes(hash), B: host.Bytes(key), C: host.Bytes(message)})
	return string(r.Text), err
}

// Sign is host.Bridge's.
func (w *wire) Sign(alg seal.Algorithm, key, message string) (string, error) {
	r, err := w.ask(call{Op: opSign, A: host.Bytes(alg), B: host.Bytes(key), C: host.Bytes(message)})
	return string(r.Text), err
}

// Verify is host.Bridge's.
func (w *wire) Verify(alg seal.Algorithm, key, message, signature string) (bool, error) {
	r, err := w.ask(call{Op: opVerify, A: host.Bytes(alg), B: host.Bytes(key), C: host.Bytes(message), D: host.Bytes(signature)})
	return r.Bool, err
}

// KeyKind is host.Bridge's.
func (w *wire) KeyKind(key string) (seal.KeyKind, error) {
	r, err := w.ask(call{Op: opKeyKind, A: host.Bytes(key)})
	return seal.KeyKind(r.Text), err
}

// UseKey is host.Bridge's.
func (w *wire) UseKey(u host.KeyUse) (string, bool, error) {
	r, err := w.ask(call{Op: opUseKey, Use: &u})
	return string(r.Text), r.Bool, err
}

// SetSecret is host.Bridge's.
func (w *wire) SetSecret(name string, value any, scope string) error {
	_, err := w.ask(call{Op: opSetSecret, A: host.Bytes(name), B: host.Bytes(scope), Value: value})
	return err
}

// CacheGet is host.Cache's.
func (w *wire) CacheGet(key string) (string, bool, error) {
	r, err := w.ask(call{Op: opCacheGet, A: host.Bytes(key)})
	return string(r.Text), r.Bool, err
}

// CacheSet is host.Cache's.
func (w *wire) CacheSet(key, text string, seconds float64) error {
	_, err := w.ask(call{Op: opCacheSet, A: host.Bytes(key), B: host.Bytes(text), Number: strconv.FormatFloat(seconds, 'g', -1, 64)})
	return err
}

// CacheDelete is host.Cache's.
func (w *wire) CacheDelete(key string) error {
	_, err := w.ask(call{Op: opCacheDelete, A: host.Bytes(key)})
	return err
}

// Fetch is host.Bridge's.
func (w *wire) Fetch(id int, r host.Request) error {
	_, err := w.ask(call{Op: opFetch, ID: id, Request: &r})
	return err
}

// Cancel is host.Bridge's.
func (w *wire) Cancel(id int) error {
	_, err := w.ask(call{Op: opCancel, ID: id})
	return err
}

// ParseJSON is host.Bridge's.
func (w *wire) ParseJSON(s string) (string, error) {
	r, err := w.ask(call{Op: opParseJSON, A: host.Bytes(s)})
	return string(r.Text), err
}

// Wait is host.Bridge's.
func (w *wire) Wait(until time.Time) (host.Completion, bool, error) {
	for len(w.ends) == 0 {
		left := time.Until(until)
		if left <= 0 {
			return host.Completion{}, false, nil
		}
		n := w.read.Buffered()
		if n == 0 {
			var err error
			fds := []unix.PollFd{{Fd: int32(w.in.Fd()), Events: unix.POLLIN}}
			if n, err = unix.Poll(fds, int(left.Milliseconds())+1); err != nil && !errors.Is(err, unix.EINTR) {
				return host.Completion{}, false, errPipe
			}
		}
		if n > 0 {
			if r := w.hear(); r.End != nil {
				w.ends = append(w.ends, *r.End)
			}
		}
	}
	c := w.ends[0]
	w.ends = w.ends[1:]
	return c, true, nil
}
