package manager

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"time"
)

// Source is a connection to an external secret manager.
type Source interface {
	// Fetch gives the current version of a secret. Its error wraps one of those below,
	// and has nothing of a value or of what the manager said.
	Fetch(ctx context.Context, name string) (Fetched, error)
}

// Fetched is a version of a secret.
type Fetched struct {
	// Text is the whole of a secret, Keys its values by key of one that has several;
	// one of the two.
	Text string
	Keys map[string]string
	// Version is what the manager calls it; "" where it has no versions.
	Version string
	// ExpiresAt is when it must not be used any more; zero is never.
	ExpiresAt time.Time
}

func (f Fetched) size() int {
	n := len(f.Text)
	for k, v := range f.Keys {
		n += len(k) + len(v)
	}
	return n
}

// Why there is no secret.
var (
	// ErrNotFound: the manager has no such secret, or none that is enabled.
	ErrNotFound = errors.New("not found")
	// ErrDenied: the manager refuses the credentials, or them the secret.
	ErrDenied = errors.New("denied")
	// ErrThrottled: it was asked too often.
	ErrThrottled = errors.New("throttled")
	// ErrMalformed: its answer is not of its protocol.
	ErrMalformed = errors.New("malformed answer")
	// ErrUnreachable: it did not answer, or that it cannot.
	ErrUnreachable = errors.New("unreachable")
	// ErrConfig: a credential is missing, or may not be used or sent there.
	ErrConfig = errors.New("credentials unavailable")
	// ErrTooLarge: the secret is larger than MaxManagedBytes.
	ErrTooLarge = errors.New("too large (MaxManagedBytes)")
	// errOpen: the circuit breaker did not let it be asked.
	errOpen = errors.New("left alone after failures")
)

// reasons are the errors, for metrics and health.
var reasons = []error{ErrNotFound, ErrDenied, ErrThrottled, ErrMalformed, ErrUnreachable, ErrConfig, ErrTooLarge, errOpen}

// reason gives the one that an error wraps. What is none of them is a failure of the
// network.
func reason(err error) error {
	for _, r := range reasons {
		if errors.Is(err, r) {
			return r
		}
	}
	return ErrUnreachable
}

// fails reports whether an error says that the manager is not well, rather than that
// it does not have or give a secret.
func fails(err error) bool {
	switch reason(err) {
	case ErrThrottled, ErrMalformed, ErrUnreachable:
		return true
	}
	return false
}

// ofStatus gives the error of a status of HTTP.
func ofStatus(status int) error {
	switch {
	case status == 404:
		return ErrNotFound
	case status == 400, status == 401, status == 403:
		return ErrDenied
	case status == 429:
		return ErrThrottled
	case status >= 500:
		return ErrUnreachable
	}
	return ErrMalformed
}

// keysOf takes the JSON object of a secret apart.
func keysOf(text []byte) (map[string]string, error) {
	var object map[string]json.RawMessage
	if json.Unmarshal(text, &object) != nil || object == nil {
		return nil, ErrMalformed
	}
	out := make(map[string]string, len(object))
	for key, raw := range object {
		var s string
		switch {
		case string(raw) == "null":
			continue
		case json.Unmarshal(raw, &s) != nil:
			s = string(raw) // a number, a boolean or a structure, as it is written
		}
		out[key] = s
	}
	return out, nil
}

// ofClient gives the error of an official client that is no answer of the manager: the
// network's, or one about what it answered.
func ofClient(err error) error {
	var network net.Error
	var failed *url.Error
	if errors.As(err, &network) || errors.As(err, &failed) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrUnreachable
	}
	return ErrMalformed
}

// marshal gives a value that is no string as text.
func marshal(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// readTokenFile reads the token of the pod's service account, which is replaced now
// and then.
func readTokenFile(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil || len(b) > MaxManagedBytes {
		return "", ErrConfig
	}
	return strings.TrimSpace(string(b)), nil
}
