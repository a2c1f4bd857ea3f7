package secretstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/reticent/reticent/secretstore/audit"
	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/kv"
)

// wrapped are the rows in which something is wrapped by a key-encryption key: what
// their keys begin with, and how such a row is wrapped anew by the primary one. They
// are sealed inside of the transactions that write them, so that none that is under
// an old key can come to be behind a walk that began after the key was replaced.
var wrapped = []struct {
	prefix string
	renew  func(k *envelope.Keyring, rest string, raw []byte) (out any, changed bool, err error)
}{
	{"value:", renewValue},
	{"token:", renewToken},
	{audit.HeadKey, renewHead},
	{keyCheckKey, renewCheck},
}

func renewValue(k *envelope.Keyring, rest string, raw []byte) (any, bool, error) {
	rest, number, _ := cutLast(rest, ":")
	version, err := strconv.Atoi(number)
	if err != nil {
		return nil, false, fmt.Errorf("version: %w", err)
	}
	scope, name, err := splitScopeName(rest)
	if err != nil {
		return nil, false, err
	}
	return renewSealed(k, raw, associated(scope, name, version))
}

func renewSealed(k *envelope.Keyring, raw []byte, bound envelope.Associated) (any, bool, error) {
	var sealed envelope.Sealed
	if err := json.Unmarshal(raw, &sealed); err != nil {
		return nil, false, err
	}
	return k.Rewrap(sealed, bound)
}

func renewToken(k *envelope.Keyring, id string, raw []byte) (any, bool, error) {
	var r tokenRecord
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, false, err
	}
	var changed bool
	var err error
	r.Digest, changed, err = k.Rewrap(r.Digest, tokenAssociated(id))
	return r, changed, err
}

func renewHead(k *envelope.Keyring, _ string, raw []byte) (any, bool, error) {
	return renewSealed(k, raw, audit.HeadBinding)
}

func renewCheck(k *envelope.Keyring, _ string, raw []byte) (any, bool, error) {
	var check envelope.Sealed
	if err := json.Unmarshal(raw, &check); err != nil {
		return nil, false, err
	}
	return k.RewrapCheck(check)
}

// rewrapAll wraps everything by the primary key, in transactions of RewrapBatch rows
// between which others write. A value that somebody changed, which opens with no key,
// stays as it is and is told: it must not keep an old key alive.
func (s *Store) rewrapAll(ctx context.Context) error {
	total, err := s.countWrapped(ctx)
	if err != nil {
		return err
	}
	s.kek.note(func(r *Rotation) { r.Rewrapped, r.Total, r.Problem = 0, total, "" })
	for _, kind := range wrapped {
		for after, more := "", true; more; {
			if err := ctx.Err(); err != nil {
				return err
			}
			var n int
			var next string
			err := s.update(ctx, func(tx kv.WriteTx) error {
				entries, err := tx.List(kind.prefix, after, RewrapBatch)
				if err != nil {
					return err
				}
				n, next, more = 0, "", len(entries) == RewrapBatch
				for bytes, i := 0, 0; i < len(entries); i++ {
					e := entries[i]
					next = e.Key
					changed, err := s.renewRow(tx, e, kind.prefix, kind.renew)
					if err != nil {
						return err
					}
					if !changed {
						continue
					}
					n++
					if bytes += len(e.Value); bytes > RewrapBytes && i+1 < len(entries) {
						more = true
						break
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
			after = next
			s.kek.note(func(r *Rotation) { r.Rewrapped += n })
		}
	}
	return nil
}

func (s *Store) renewRow(tx kv.WriteTx, e kv.Entry, prefix string, renew func(*envelope.Keyring, string, []byte) (any, bool, error)) (bool, error) {
	out, changed, err := renew(s.keys, strings.TrimPrefix(e.Key, prefix), e.Value)
	if err != nil {
		s.log.Error("a row cannot be wrapped anew and stays as it is: it was changed, and nothing opens it", "row", e.Key, "error", err)
		return false, nil
	}
	if !changed {
		return false, nil
	}
	return true, put(tx, e.Key, out)
}

// countWrapped counts the rows.
func (s *Store) countWrapped(ctx context.Context) (n int, err error) {
	err = s.kv.View(ctx, func(tx kv.Tx) error {
		n = 0
		for _, kind := range wrapped {
			entries, err := tx.List(kind.prefix, "", 0)
			if err != nil {
				return err
			}
			n += len(entries)
		}
		return nil
	})
	return n, err
}
