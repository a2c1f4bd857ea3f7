package secretstore

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/reticent/reticent/secretstore/access"
	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/kv"
)

// tokenRecord is an API token as it is stored. The digest is encrypted too, so
// that a stolen database is not even good for guessing a token somebody chose.
type tokenRecord struct {
	Digest envelope.Sealed `json:"digest"`
	// Scope is the path of the scope that it belongs to, where Role holds.
	Scope       string      `json:"scope,omitempty"`
	Role        access.Role `json:"role,omitempty"`
	Description string      `json:"description,omitempty"`
	CreatedAt   time.Time   `json:"created_at"`
	CreatedBy   string      `json:"created_by,omitempty"`
	ExpiresAt   *time.Time  `json:"expires_at,omitempty"`
	ETag        string      `json:"etag"`
	// Revoked is set on the first administrator's token instead of deleting it:
	// the next start must not make it again.
	Revoked bool `json:"revoked,omitempty"`

	digest string // decrypted
}

// adminToken is the id of the token that a server has from its first start.
const adminToken = "admin"

func tokenKey(id string) string { return "token:" + id }

// tokenSubject is the ID of the principal that a token stands for.
func tokenSubject(id string) string { return "token:" + id }

// EnsureAdminToken makes the administrator's token of a new database: token, or
// one drawn at random if token is empty, which is then returned for the person
// who started the server. On a database that has one, or had one that was
// revoked, it does nothing and returns "".
func (s *Store) EnsureAdminToken(ctx context.Context, token string) (string, error) {
	if s.state.Load().tokens[adminToken] != nil {
		return "", nil
	}
	drawn := ""
	if token == "" {
		drawn = newToken()
		token = drawn
	}
	r := tokenRecord{Role: access.Admin, Description: "made at the first start", CreatedAt: s.now(), ETag: randomID()}
	return drawn, s.write(ctx, act{Principal{ID: "server"}, "token.create", Scope{}, adminToken}, func(tx kv.WriteTx) error {
		return s.putNewToken(tx, r, adminToken, token)
	})
}

func newToken() string { return "ret_" + randomID() }

// putNewToken stores a token, sealed in the transaction as all that a rotation has to
// find, see rewrap.
func (s *Store) putNewToken(tx kv.WriteTx, r tokenRecord, id, token string) (err error) {
	if r.Digest, err = s.keys.Seal(plaintext.FromString(digestOf(token)), tokenAssociated(id)); err != nil {
		return fmt.Errorf("encrypt token: %w", err)
	}
	return put(tx, tokenKey(id), r)
}

// Authenticate gives the principal of an API token.
func (s *Store) Authenticate(token string) (Principal, bool) {
	st := s.state.Load()
	// Of digests nothing is learned by time: nobody chooses one.
	id, ok := st.byDigest[digestOf(token)]
	if !ok || st.tokens[id].expired(time.Now()) {
		return Principal{}, false
	}
	return Principal{ID: tokenSubject(id)}, true
}

func (r *tokenRecord) expired(now time.Time) bool {
	return r.Revoked || r.ExpiresAt != nil && !now.Before(*r.ExpiresAt)
}

func digestOf(token string) string {
	d := sha256.Sum256([]byte(token))
	return base64.RawStdEncoding.EncodeToString(d[:])
}

// tokenAssociated binds a token's row. No secret has this scope.
func tokenAssociated(id string) envelope.Associated {
	return envelope.Associated{Scope: "tokens", Name: id, Version: 1}
}

func (b *builder) applyToken(id string, c kv.Change) error {
	old := b.st.tokens[id]
	if old != nil {
		delete(b.st.byDigest, old.digest)
		delete(b.st.tokens, id)
	}
	if c.Deleted {
		b.rights = true
		return nil
	}
	var r tokenRecord
	if err := json.Unmarshal(c.Value, &r); err != nil {
		return err
	}
	digest, err := b.s.keys.Open(r.Digest, tokenAssociated(id))
	if err != nil {
		return err
	}
	r.digest = string(plaintext.Open(digest))
	b.rights = b.rights || old == nil || old.ETag != r.ETag // or it is wrapped anew only
	b.st.tokens[id] = &r
	b.st.byDigest[r.digest] = id
	return nil
}
