package host

import (
	"time"

	"github.com/reticent/reticent/secretstore/seal"
)

// Bridge is how a run asks the server, which alone knows plaintexts. In process
// it is a few function calls; in a worker, messages on a pipe. Errors are
// *seal.Error.
type Bridge interface {
	// Holds reports whether s holds a live surrogate.
	Holds(s string) (bool, error)
	// Equal, EqualNumber, Contains, Index and Derive are those of seal.Run.
	Equal(a, b string) (bool, error)
	EqualNumber(s string, n float64) (bool, error)
	Contains(haystack, needle string) (bool, error)
	Index(haystack, needle string) (int, error)
	Derive(f seal.Func, s string) (string, error)
	// Underive, MAC, Sign, Verify and KeyKind are too.
	Underive(f seal.Func, s string) (string, error)
	MAC(hash seal.Hash, key, message string) (string, error)
	Sign(alg seal.Algorithm, key, message string) (string, error)
	Verify(alg seal.Algorithm, key, message, signature string) (bool, error)
	KeyKind(key string) (seal.KeyKind, error)
	// ParseJSON is too.
	ParseJSON(s string) (string, error)
	// UseKey operates with a key of context.keys.
	UseKey(u KeyUse) (text string, ok bool, err error)
	// SetSecret stores a secret; value is what encoding/json makes of JSON.
	SetSecret(name string, value any, scope string) error
	Cache
	// Fetch starts to send a request. Wait tells of its end under id.
	Fetch(id int, r Request) error
	// Cancel gives a request up. Its end may still come.
	Cancel(id int) error
	// Wait waits for the end of any request, until the time given; ok is false
	// when the time came first.
	Wait(until time.Time) (c Completion, ok bool, err error)
}

// Header is one line of a header.
type Header struct {
	Name  string `json:"n"`
	Value string `json:"v"`
}

// Request is what fetch sends; all of it is sealed.
type Request struct {
	Method  string   `json:"method"`
	URL     string   `json:"url"`
	Headers []Header `json:"headers,omitempty"`
	Body    Bytes    `json:"body,omitempty"`
	// Redirect is "follow", "error" or "manual"; empty is the first.
	Redirect string `json:"redirect,omitempty"`
	// Digest is the algorithm of the Content-Digest that the server adds; empty adds
	// none.
	Digest string `json:"digest,omitempty"`
	// Seal are the fields of the response that become secrets.
	Seal []SealedField `json:"seal,omitempty"`
}

// SealedField is an element of fetch's seal.
type SealedField struct {
	Pointer string `json:"pointer"`
	// AllowedHosts and AllowedIn are as in a secret's metadata; nil hosts mean the
	// one that answers.
	AllowedHosts []string `json:"allowed_hosts"`
	AllowedIn    []string `json:"allowed_in,omitempty"`
}

// Response is what came back, sealed.
type Response struct {
	Status     int      `json:"status"`
	URL        string   `json:"url"`
	Redirected bool     `json:"redirected,omitempty"`
	Headers    []Header `json:"headers,omitempty"`
	Body       Bytes    `json:"body,omitempty"`
}

// Completion is the end of a request: a response or an error.
type Completion struct {
	ID       int         `json:"id"`
	Response *Response   `json:"response,omitempty"`
	Error    *seal.Error `json:"error,omitempty"`
}
