package script

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/seal"
)

// session does for one run what only the server can do, and no more of it than
// the limits allow. It takes its arguments from a worker and trusts none.
type session struct {
	ctx    context.Context
	run    *Run
	limits Limits
	egress *egress.Client
	cache  *caches

	mu      sync.Mutex
	calls   int
	fetches int
	cancels map[int]context.CancelFunc // of the requests under way
	log     []Fetch                    // of those that ended
	input   json.RawMessage            // sealed
}

// count lets one more call of the host through.
func (s *session) count() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls++; s.calls > s.limits.HostCalls {
		return seal.Errorf(host.CodeCalls, "the script asked the host about secrets more than %d times (the limit HostCalls)", s.limits.HostCalls)
	}
	return nil
}

// Holds is seal.Run's.
func (s *session) Holds(text string) (bool, error) {
	if err := s.count(); err != nil {
		return false, err
	}
	return s.run.Seal.Holds(text), nil
}

// Equal is seal.Run's.
func (s *session) Equal(a, b string) (bool, error) {
	if err := s.count(); err != nil {
		return false, err
	}
	return s.run.Seal.Equal(a, b)
}

// EqualNumber is seal.Run's.
func (s *session) EqualNumber(text string, n float64) (bool, error) {
	if err := s.count(); err != nil {
		return false, err
	}
	return s.run.Seal.EqualNumber(text, n)
}

// Contains is seal.Run's.
func (s *session) Contains(haystack, needle string) (bool, error) {
	if err := s.count(); err != nil {
		return false, err
	}
	return s.run.Seal.Contains(haystack, needle)
}

// Index is seal.Run's.
func (s *session) Index(haystack, needle string) (int, error) {
	if err := s.count(); err != nil {
		return 0, err
	}
	return s.run.Seal.Index(haystack, needle)
}

// Derive is seal.Run's.
func (s *session) Derive(f seal.Func, text string) (string, error) {
	if err := s.count(); err != nil {
		return "", err
	}
	return s.run.Seal.Derive(f, text)
}

// Underive is seal.Run's.
func (s *session) Underive(f seal.Func, text string) (string, error) {
	if err := s.count(); err != nil {
		return "", err
	}
	return s.run.Seal.Underive(f, text)
}

// MAC is seal.Run's.
func (s *session) MAC(hash seal.Hash, key, message string) (string, error) {
	if err := s.count(); err != nil {
		return "", err
	}
	return s.run.Seal.MAC(hash, key, message)
}

// Sign is seal.Run's.
func (s *session) Sign(alg seal.Algorithm, key, message string) (string, error) {
	if err := s.count(); err != nil {
		return "", err
	}
	return s.run.Seal.Sign(alg, key, message)
}

// Verify is seal.Run's.
func (s *session) Verify(alg seal.Algorithm, key, message, signature string) (bool, error) {
	if err := s.count(); err != nil {
		return false, err
	}
	return s.run.Seal.Verify(alg, key, message, signature)
}

// KeyKind is seal.Run's.
func (s *session) KeyKind(key string) (seal.KeyKind, error) {
	if err := s.count(); err != nil {
		return "", err
	}
	return s.run.Seal.KeyKind(key)
}

// ParseJSON is seal.Run's.
func (s *session) ParseJSON(text string) (string, error) {
	if err := s.count(); err != nil {
		return "", err
	}
	return s.run.Seal.ParseJSON(text)
}

// SetSecret hands a secret to whoever the run was started by.
func (s *session) SetSecret(name string, value any, scope string) error {
	if err := s.count(); err != nil {
		return err
	}
	if s.run.SetSecret == nil {
		return seal.Errorf(host.CodeScript, "context.secrets.set is not available here")
	}
	err := s.run.SetSecret(s.ctx, name, value, scope)
	var refused *seal.Error
	if err != nil && !errors.As(err, &refused) {
		return seal.Errorf(host.CodeScript, "context.secrets.set did not succeed")
	}
	return err
}

// secrets looks the static set up once, so that a worker need not ask.
func (s *session) secrets() map[string]host.Secret {
	out := map[string]host.Secret{}
	for _, name := range s.run.Seal.Set().Names() {
		v, err := s.run.Seal.Lookup(name)
		out[name] = host.Secret{Value: v, Missing: err != nil}
	}
	for _, name := range s.run.Seal.Set().MissingNames() {
		out[name] = host.Secret{Missing: true}
	}
	return out
}
