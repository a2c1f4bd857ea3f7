package worker

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/script/program"
	"github.com/reticent/reticent/secretstore/seal"
)

// counting is a server that allows three calls.
type counting struct{ calls int }

func (c *counting) count() error {
	if c.calls++; c.calls > 3 {
		return seal.Errorf(host.CodeCalls, "enough")
	}
	return nil
}

func (c *counting) Holds(string) (bool, error)                          { return false, c.count() }
func (c *counting) Equal(string, string) (bool, error)                  { return false, c.count() }
func (c *counting) EqualNumber(string, float64) (bool, error)           { return false, c.count() }
func (c *counting) Contains(string, string) (bool, error)               { return false, c.count() }
func (c *counting) Index(string, string) (int, error)                   { return 0, c.count() }
func (c *counting) Derive(seal.Func, string) (string, error)            { return "", c.count() }
func (c *counting) Underive(seal.Func, string) (string, error)          { return "", c.count() }
func (c *counting) MAC(seal.Hash, string, string) (string, error)       { return "", c.count() }
func (c *counting) Sign(seal.Algorithm, string, string) (string, error) { return "", c.count() }
func (c *counting) Verify(seal.Algorithm, string, string, string) (bool, error) {
	return false, c.count()
}
func (c *counting) KeyKind(string) (seal.KeyKind, error)     { return "", c.count() }
func (c *counting) CacheGet(string) (string, bool, error)    { return "", false, c.count() }
func (c *counting) CacheSet(string, string, float64) error   { return c.count() }
func (c *counting) CacheDelete(string) error                 { return c.count() }
func (c *counting) UseKey(host.KeyUse) (string, bool, error) { return "", false, c.count() }
func (c *counting) SetSecret(string, any, string) error      { return c.count() }
func (c *counting) ParseJSON(string) (string, error)         { return "", c.count() }
func (c *counting) Cancel(int) error                         { return c.count() }
func (c *counting) StartFetch(_ int, _ host.Request, _ func(host.Completion)) error {
	return c.count()
}

// TestEvilWorker plays a worker that a script has taken over: whatever it says,
// the server gives up on it or answers as it would have answered a script.
func TestEvilWorker(t *testing.T) {
	frame := func(body string) []byte {
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
	}
	for name, said := range map[string][]byte{
		"nothing":            {},
		"half a length":      {0, 0},
		"a huge length":      {0xff, 0xff, 0xff, 0xff},
		"no JSON":            frame("x"),
		"an empty word":      frame("{}"),
		"a wrong type":       frame(`{"call":5}`),
		"an unknown call":    frame(`{"call":{"op":"open","a":"/etc/passwd"}}`),
		"a call to resolve":  frame(`{"call":{"op":"resolve","a":"rsv_"}}`),
		"a fetch of nothing": frame(`{"call":{"op":"fetch"}}`),
		"a use of no key":    frame(`{"call":{"op":"use_key"}}`),
		"no number":          frame(`{"call":{"op":"equal_number","number":"x"}}`),
		"no seconds":         frame(`{"call":{"op":"cache_set","a":"k","b":"1","number":"x"}}`),
		"source twice":       append(frame(`{"need_source":true}`), frame(`{"need_source":true}`)...),
		"info instead":       frame(`{"info":{}}`),
		"no findings":        frame(`{"findings":[]}`),
	} {
		w, server := talk(t, said)
		_, err := w.run(Task{ID: "x", Units: []program.Unit{{Source: "1"}}, Server: server})
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
		if server.calls > 1 {
			t.Errorf("%s: %d calls", name, server.calls)
		}
	}
	many := bytes.Repeat(frame(`{"call":{"op":"equal","a":"a","b":"b"}}`), 100)
	w, server := talk(t, append(many, frame(`{"outcome":{"output":1}}`)...))
	out, err := w.run(Task{ID: "x", Units: []program.Unit{{Source: "1"}}, Server: server})
	if err != nil || string(out.Output) != "1" || server.calls != 100 {
		t.Errorf("%v %v %d", out, err, server.calls)
	}
}

// talk makes a process that says what it is told to, and hears nothing.
func talk(t *testing.T, said []byte) (*process, *counting) {
	t.Helper()
	ear, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, mouth, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = mouth.Write(said)
		_ = mouth.Close()
	}()
	go func() {
		b := make([]byte, 1<<16)
		for {
			if _, err := ear.Read(b); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { _, _, _ = in.Close(), out.Close(), ear.Close() })
	return &process{in: in, out: out, read: bufio.NewReader(out)}, &counting{}
}

// TestNotHooked proves that a program without Main starts no copy of itself.
func TestNotHooked(t *testing.T) {
	hooked.Store(false)
	defer hooked.Store(true)
	if _, err := NewPool(Config{Workers: 1, Warm: 1}); !errors.Is(err, ErrNotHooked) {
		t.Error(err)
	}
}
