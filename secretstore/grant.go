package secretstore

import (
	"context"

	"github.com/reticent/reticent/secretstore/access"
)

// GrantShelf keeps the grants of a store. A grant holds in the scope where it is
// stored and in those below, so that who administers a project gives permissions
// in it and nowhere else.
func GrantShelf(s *Store) Shelf[access.Grant] {
	return Shelf[access.Grant]{Store: s, Kind: KindGrant, Check: func(_ context.Context, _ Scope, _ string, g *access.Grant) (References, error) {
		return References{}, invalid(g.Check())
	}}
}

// GroupShelf keeps the groups of a store, which are the platform's: who puts
// somebody into a group gives him whatever any scope grants to it.
func GroupShelf(s *Store) Shelf[access.Group] {
	return Shelf[access.Group]{Store: s, Kind: KindGroup, Check: func(_ context.Context, scope Scope, _ string, g *access.Group) (References, error) {
		if scope != (Scope{}) {
			return References{}, fail(ErrInvalid, "groups are kept on the platform")
		}
		return References{}, invalid(g.Check())
	}}
}

func invalid(err error) error {
	if err == nil {
		return nil
	}
	return fail(ErrInvalid, "%s", err.Error())
}
