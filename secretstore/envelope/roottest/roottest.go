// Package roottest holds the roots of package envelope to what they promise, each
// against a server that speaks its vendor's protocol. It is for tests alone.
package roottest

import (
	"bytes"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/kv/bolt"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"
)

// Service is a key management service: it has one key, checks who asks, and can be
// made to fail.
type Service struct {
	mu     sync.Mutex
	status int
	calls  int
	key    []byte
}

// NewService makes a service that works.
func NewService() *Service { return &Service{key: bytes.Repeat([]byte{7}, 32)} }

// Fail makes the service answer with a status from now on, 0 for well.
func (s *Service) Fail(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

// Replace gives the service another key.
func (s *Service) Replace() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = bytes.Repeat([]byte{s.key[0] + 1}, 32)
}

// Calls counts what the service was asked.
func (s *Service) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Failing counts a call and gives the status that it fails with, 0 for none.
func (s *Service) Failing() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	return s.status
}

// Encrypt is what the service's own key does.
func (s *Service) Encrypt(b, associated []byte) []byte {
	out, err := s.cipher().Encrypt(b, associated)
	if err != nil {
		panic(err)
	}
	return out
}

// Decrypt undoes Encrypt.
func (s *Service) Decrypt(b, associated []byte) ([]byte, error) {
	return s.cipher().Decrypt(b, associated)
}

func (s *Service) cipher() *subtle.AESGCM {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := subtle.NewAESGCM(s.key)
	if err != nil {
		panic(err)
	}
	return c
}

// Bound says whether a service binds what it wraps to the associated data.
type Bound bool

// Run holds a root to what it promises.
func Run(t *testing.T, s *Service, root envelope.Root, bound Bound) {
	t.Helper()
	ctx := t.Context()
	key, associated := bytes.Repeat([]byte{3}, 32), []byte("associated")
	wrapped, err := root.Wrap(ctx, key, associated)
	if err != nil {
		t.Fatalf("wrap: %v", err)
	}
	if bytes.Contains(wrapped, key) {
		t.Error("the key is in what wraps it")
	}
	if got, err := root.Unwrap(ctx, wrapped, associated); err != nil || !bytes.Equal(got, key) {
		t.Errorf("unwrap: %v", err)
	}
	if _, err := root.Unwrap(ctx, wrapped, []byte("other")); bool(bound) != (err != nil) {
		t.Errorf("with other associated data: %v", err)
	}
	for _, b := range [][]byte{nil, {}, []byte("x"), wrapped[:len(wrapped)-1]} {
		if got, err := root.Unwrap(ctx, b, associated); err == nil && len(got) > 0 {
			t.Errorf("%q was unwrapped", b)
		}
	}

	db, err := bolt.Open(filepath.Join(t.TempDir(), "data", "state.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	h := envelope.NewRowHolder(db, root)
	if _, err := h.Load(ctx); !errors.Is(err, envelope.ErrNoKeyring) {
		t.Errorf("an empty database: %v", err)
	}
	k, err := envelope.Generate()
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, do func() error) {
		t.Helper()
		if err := do(); err == nil || !strings.Contains(err.Error(), root.Name()) {
			t.Errorf("%s: %v, want an error that names the key", what, err)
		}
	}
	s.Fail(http.StatusForbidden)
	refused("create, denied", func() error { return h.Create(ctx, k) })
	if _, err := h.Load(ctx); !errors.Is(err, envelope.ErrNoKeyring) {
		t.Errorf("after it was denied: %v", err)
	}
	s.Fail(0)
	if err := h.Create(ctx, k); err != nil {
		t.Fatal(err)
	}
	load := func() error { _, err := h.Load(ctx); return err }
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusInternalServerError} {
		s.Fail(status)
		refused(http.StatusText(status), load)
	}
	s.Fail(0)

	// One call opens the keyring, and what it then seals and opens takes none.
	before := s.Calls()
	loaded, err := h.Load(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Calls() - before; got != 1 {
		t.Errorf("a start asks %d times", got)
	}
	at := envelope.Associated{Name: "A", Version: 1}
	sealed, err := k.Seal(plaintext.FromString("value"), at)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if v, err := loaded.Open(sealed, at); err != nil || string(plaintext.Open(v)) != "value" {
			t.Errorf("what the first keyring sealed: %v", err)
		}
	}
	if got := s.Calls() - before; got != 1 {
		t.Errorf("values were opened by the service: %d calls", got)
	}
	s.Replace()
	refused("another key of that name", load)
}
