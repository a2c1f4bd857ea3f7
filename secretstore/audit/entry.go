package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Outcome is how an act ended.
type Outcome string

// The outcomes.
const (
	// OK: it was done; of a run of a script, that it gave a result.
	OK Outcome = "ok"
	// Refused: the principal may not do it.
	Refused Outcome = "refused"
	// Failed: it was wrong, or could not be done.
	Failed Outcome = "failed"
	// Allow and Deny are decisions.
	Allow Outcome = "allow"
	Deny  Outcome = "deny"
)

// Entry is one act, or several that are alike.
type Entry struct {
	// Seq counts entries from 1.
	Seq  int64     `json:"seq"`
	Time time.Time `json:"time"`
	// Until is the time of the last act where Count is more than 1.
	Until *time.Time `json:"until,omitempty"`
	// Principal did it; "" is nobody who is known.
	Principal string `json:"principal"`
	// Action is a kind of resource and what was done to it: "secret.update".
	Action string `json:"action"`
	// Scope is the path of the resource's scope, Name its name. What was refused has
	// a name only if there is such a resource.
	Scope   string  `json:"scope"`
	Name    string  `json:"name"`
	Outcome Outcome `json:"outcome"`
	// Secrets are the names of the secrets that were in play.
	Secrets []string `json:"secrets,omitempty"`
	// RequestID is that of the answer, where Count is 1.
	RequestID string `json:"request_id,omitempty"`
	// Count is how many acts the entry stands for.
	Count int64  `json:"count"`
	Prev  string `json:"prev"`
	Hash  string `json:"hash"`
}

// genesis is the hash before the first entry.
var genesis = strings.Repeat("0", sha256.Size*2)

// Digest gives the hash that the entry must have.
func (e Entry) Digest() (string, error) {
	e.Hash = ""
	raw, err := json.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("encode audit entry: %w", err)
	}
	return digest(raw)
}

// digest gives the hash of an entry's JSON, whatever its members are: the form that
// was stored counts, not what this version knows of it.
func digest(raw []byte) (string, error) {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(raw, &members); err != nil {
		return "", fmt.Errorf("an audit entry is no JSON object")
	}
	delete(members, "hash")
	rest, err := json.Marshal(members)
	if err != nil {
		return "", fmt.Errorf("encode audit entry: %w", err)
	}
	canonical := jsontext.Value(rest)
	if err := canonical.Canonicalize(); err != nil {
		return "", fmt.Errorf("an audit entry has no canonical form (RFC 8785)")
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:]), nil
}

type requestKey struct{}

// WithRequest gives a context that says which request is being answered.
func WithRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// Request gives the id of the request that is being answered, "" for none.
func Request(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}
