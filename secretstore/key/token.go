package key

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/reticent/reticent/secretstore/strictjson"
)

// header is what is read of the protected header of a token.
type header struct {
	Algorithm  string `json:"alg"`
	Encryption string `json:"enc"`
	KeyID      string `json:"kid"`
}

// readHeader reads the protected header of a token, its first part. What changes
// what a token means and is not known here is refused: critical extensions,
// payloads that are not encoded, and compression, whose size tells of the content.
func readHeader(part string) (header, bool) {
	text, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return header{}, false
	}
	var all map[string]json.RawMessage
	if strictjson.Unmarshal(text, &all) != nil {
		return header{}, false
	}
	for _, name := range []string{"crit", "b64", "zip"} {
		if _, there := all[name]; there {
			return header{}, false
		}
	}
	// By their exact names: a reader that folds cases would find others.
	var h header
	for name, into := range map[string]*string{"alg": &h.Algorithm, "enc": &h.Encryption, "kid": &h.KeyID} {
		if raw, there := all[name]; there && json.Unmarshal(raw, into) != nil {
			return header{}, false
		}
	}
	return h, h.Algorithm != ""
}

// parts takes a token in compact serialization apart. Line breaks, which Go's
// base64 passes over, are in none.
func parts(token string, n int) ([]string, bool) {
	p := strings.SplitN(token, ".", n+1)
	return p, len(p) == n && !strings.ContainsAny(token, "\r\n")
}
