package secretstore

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/kv"
)

// tokenRecord is an API token as it is stored. The digest is encrypted too, so
// that a stolen database is not even good for guessing a token somebody chose.
type tokenRecord struct {
	Digest    envelope.Sealed `json:"digest"`
	CreatedAt time.Time       `json:"created_at"`

	digest string // decrypted
}

// adminToken is the id of the token that a server has from its first start.
const adminToken = "admin"

// EnsureAdminToken makes the administrator's token of a new database: token, or
// one drawn at random if token is empty, which is then returned for the person
// who started the server. On a database that has one it does nothing and
// returns "".
func (s *Store) EnsureAdminToken(ctx context.Context, token string) (string, error) {
	if _, ok := s.state.Load().tokens[adminToken]; ok {
		return "", nil
	}
	drawn := ""
	if token == "" {
		drawn = "ret_" + randomID()
		token = drawn
	}
	sealed, err := s.keys.Seal(plaintext.FromString(digestOf(token)), tokenAssociated(adminToken))
	if err != nil {
		return "", fmt.Errorf("encrypt token: %w", err)
	}
	err = s.update(ctx, func(tx kv.WriteTx) error {
		return put(tx, "token:"+adminToken, tokenRecord{Digest: sealed, CreatedAt: s.now()})
	})
	return drawn, err
}

// Authenticate gives the principal of an API token.
func (s *Store) Authenticate(token string) (Principal, bool) {
	digest := digestOf(token)
	for id, r := range s.state.Load().tokens {
		// Of digests nothing is learned by time: nobody chooses one.
		if r.digest == digest {
			return Principal{ID: "token:" + id, Admin: true}, true
		}
	}
	return Principal{}, false
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
	if c.Deleted {
		delete(b.st.tokens, id)
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
	b.st.tokens[id] = r
	return nil
}
