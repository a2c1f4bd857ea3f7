package audit

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/kv"
)

// Head says where the chain is: of which entries it consists, and the hash of the
// last. Whoever keeps a head outside of the server can tell that no entry up to it
// was changed or taken out since, nor an older database put in place.
type Head struct {
	// First and Last are the Seq of the first entry that is kept and of the last
	// one. Before the first entry Last is 0.
	First int64 `json:"first"`
	Last  int64 `json:"last"`
	// FirstPrev is what the first entry that is kept has as its Prev.
	FirstPrev string `json:"first_prev"`
	// Hash is the last entry's.
	Hash string `json:"hash"`
}

// ErrTampered says that the sealed head is missing, or not what was sealed.
var ErrTampered = errors.New("the head of the audit log was changed or taken away; see reticent audit verify, keep a copy of the database, and start once with --audit-restart")

const (
	// HeadKey is the key of the head's row.
	HeadKey     = "audithead:"
	entryPrefix = "audit:"
)

func entryKey(seq int64) string { return fmt.Sprintf("%s%020d", entryPrefix, seq) }

// HeadBinding binds the head's row. No secret has this scope.
var HeadBinding = envelope.Associated{Scope: "audit", Name: "head", Version: 1}

// head reads the head in a transaction.
func (l *Log) head(tx kv.Tx) (Head, error) {
	raw, err := tx.Get(HeadKey)
	if errors.Is(err, kv.ErrNotFound) {
		entries, err := tx.List(entryPrefix, "", 1)
		if err == nil && len(entries) > 0 {
			err = ErrTampered
		}
		return Head{First: 1, FirstPrev: genesis, Hash: genesis}, err
	}
	if err != nil {
		return Head{}, err
	}
	var sealed envelope.Sealed
	if err := json.Unmarshal(raw, &sealed); err != nil {
		return Head{}, ErrTampered
	}
	opened, err := l.keys.Open(sealed, HeadBinding)
	if err != nil {
		return Head{}, ErrTampered // the key is that of the database: see secretstore
	}
	var h Head
	if err := json.Unmarshal(plaintext.Open(opened), &h); err != nil {
		return Head{}, ErrTampered
	}
	return h, nil
}

func (l *Log) putHead(tx kv.WriteTx, h Head) error {
	raw, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("audit log: %w", err)
	}
	sealed, err := l.keys.Seal(plaintext.New(raw), HeadBinding)
	if err != nil {
		return fmt.Errorf("audit log: seal the head: %w", err)
	}
	if raw, err = json.Marshal(sealed); err != nil {
		return fmt.Errorf("audit log: %w", err)
	}
	return tx.Put(HeadKey, raw)
}
