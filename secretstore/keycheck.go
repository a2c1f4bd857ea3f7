package secretstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/kv"
)

const keyCheckKey = "meta:key"

// checkKey makes sure that the keyring is the one that the database was made
// with, and leaves a check in a new database. It changes nothing else.
func (s *Store) checkKey(ctx context.Context) error {
	var missing bool
	err := s.kv.View(ctx, func(tx kv.Tx) error {
		raw, err := tx.Get(keyCheckKey)
		if errors.Is(err, kv.ErrNotFound) {
			missing = true
			return nil
		}
		if err != nil {
			return err
		}
		var check envelope.Sealed
		if err := json.Unmarshal(raw, &check); err != nil {
			return fmt.Errorf("row %s: %w", keyCheckKey, err)
		}
		return s.keys.Check(check)
	})
	if err != nil {
		return s.wrongKey(ctx, err)
	}
	if !missing {
		return nil
	}
	check, err := s.keys.NewCheck()
	if err != nil {
		return fmt.Errorf("make a key check: %w", err)
	}
	_, err = s.kv.Update(ctx, func(tx kv.WriteTx) error {
		entries, err := tx.List("", "", 2)
		if err != nil {
			return err
		}
		own := func(e kv.Entry) bool { return strings.HasPrefix(e.Key, envelope.RowPrefix) }
		if len(entries) > 1 || len(entries) == 1 && !own(entries[0]) {
			return fmt.Errorf("the database has data and no row %s; it was not made by this server", keyCheckKey)
		}
		return put(tx, keyCheckKey, check)
	})
	return err
}
