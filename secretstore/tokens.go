package secretstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/reticent/reticent/secretstore/access"
	"github.com/reticent/reticent/secretstore/kv"
)

// Token is what the API tells of an API token: everything but the token.
type Token struct {
	// ID is random. Grants name the token as Subject.
	ID      string `json:"id"`
	Subject string `json:"subject"`
	Scope   string `json:"scope"`
	// Role holds in Scope and below; "" gives nothing, and leaves it to grants.
	Role        access.Role `json:"role,omitempty"`
	Description string      `json:"description"`
	CreatedAt   time.Time   `json:"created_at"`
	// CreatedBy is the ID of the principal who made it.
	CreatedBy string `json:"created_by,omitempty"`
	// ExpiresAt ends the token, and nothing that was stored with it.
	ExpiresAt *time.Time `json:"expires_at"`
	Expired   bool       `json:"expired"`
	// Value is the token, in the answer to its creation only.
	Value string `json:"token,omitempty"`
	ETag  string `json:"-"`
}

// NewToken asks for a token.
type NewToken struct {
	Role        access.Role `json:"role"`
	Description string      `json:"description"`
	ExpiresAt   *time.Time  `json:"expires_at"`
}

// TokenPatch changes a token. Its role and scope stay: they were the reason to
// hand it to somebody.
type TokenPatch struct {
	Description Optional[string]     `json:"description"`
	ExpiresAt   Optional[*time.Time] `json:"expires_at"`
}

func (r *tokenRecord) metadata(id string) Token {
	return Token{ID: id, Subject: tokenSubject(id), Scope: r.Scope, Role: r.Role, Description: r.Description, CreatedAt: r.CreatedAt,
		CreatedBy: r.CreatedBy, ExpiresAt: r.ExpiresAt, Expired: r.expired(time.Now()), ETag: r.ETag}
}

func (r *tokenRecord) check() error {
	switch {
	case r.Role != "" && !slices.Contains(access.Roles, r.Role):
		return fail(ErrInvalid, "/role: a role is one of %v", access.Roles)
	case len(r.Description) > MaxDescriptionBytes:
		return fail(ErrInvalid, "/description: longer than %d bytes (MaxDescriptionBytes)", MaxDescriptionBytes)
	}
	return nil
}

// CreateToken makes a token of a scope. Nobody can read it again.
func (s *Store) CreateToken(ctx context.Context, by Principal, scope Scope, asked NewToken) (Token, error) {
	if err := s.authorize(by, "token.create", scope, ""); err != nil {
		return Token{}, err
	}
	r := tokenRecord{Scope: scope.Path(), Role: asked.Role, Description: asked.Description, ExpiresAt: asked.ExpiresAt,
		CreatedAt: s.now(), CreatedBy: by.ID, ETag: randomID()}
	if err := r.check(); err != nil {
		return Token{}, err
	}
	id, value := randomID(), newToken()
	err := s.write(ctx, act{by, "token.create", scope, id}, func(tx kv.WriteTx) error {
		if err := scopeExists(tx, scope); err != nil {
			return err
		}
		return s.putNewToken(tx, r, id, value)
	})
	out := r.metadata(id)
	out.Value = value
	return out, err
}

// Token tells of a token of the scope itself.
func (s *Store) Token(by Principal, scope Scope, id string) (Token, error) {
	if err := s.authorize(by, "token.get", scope, id); err != nil {
		return Token{}, err
	}
	st := s.state.Load()
	if err := st.checkScope(scope); err != nil {
		return Token{}, err
	}
	r := st.tokens[id]
	if r == nil || r.Scope != scope.Path() {
		return Token{}, noToken(scope)
	}
	return r.metadata(id), nil
}

func noToken(scope Scope) error { return fail(ErrNotFound, "there is no such token in %s", scope) }

// Tokens lists the tokens of the scope itself, by ID.
func (s *Store) Tokens(by Principal, scope Scope, page PageRequest) (Page[Token], error) {
	if err := s.authorize(by, "token.list", scope, ""); err != nil {
		return Page[Token]{}, err
	}
	st := s.state.Load()
	if err := st.checkScope(scope); err != nil {
		return Page[Token]{}, err
	}
	here := func(id string) bool { return st.tokens[id].Scope == scope.Path() }
	return pageOf(st.tokens, page, here, func(id string, r *tokenRecord) Token { return r.metadata(id) })
}

// PatchToken changes a token of the scope itself. An expiry that has passed ends
// it at once.
func (s *Store) PatchToken(ctx context.Context, by Principal, scope Scope, id string, p TokenPatch, ifMatch string) (Token, error) {
	if err := s.authorize(by, "token.update", scope, id); err != nil {
		return Token{}, err
	}
	var out Token
	err := s.changeToken(ctx, act{by, "token.update", scope, id}, ifMatch, func(tx kv.WriteTx, r *tokenRecord) error {
		if p.Description.Present {
			r.Description = p.Description.Value
		}
		if p.ExpiresAt.Present {
			r.ExpiresAt = p.ExpiresAt.Value
		}
		if err := r.check(); err != nil {
			return err
		}
		if r.expired(s.now()) {
			if err := s.notTheLast(id); err != nil {
				return err
			}
		}
		r.ETag = randomID()
		out = r.metadata(id)
		return put(tx, tokenKey(id), r)
	})
	return out, err
}

// RevokeToken ends a token at once and takes away what it was given. What was
// stored with it and names secrets stands on that: then it fails with ErrInUse,
// unless force is set, which makes all of it deny.
func (s *Store) RevokeToken(ctx context.Context, by Principal, scope Scope, id, ifMatch string, force bool) error {
	if err := s.authorize(by, "token.delete", scope, id); err != nil {
		return err
	}
	return s.changeToken(ctx, act{by, "token.delete", scope, id}, ifMatch, func(tx kv.WriteTx, r *tokenRecord) error {
		if err := s.notTheLast(id); err != nil {
			return err
		}
		if used := s.state.Load().storedBy(tokenSubject(id)); len(used) > 0 && !force {
			return &Failure{Class: ErrInUse, UsedBy: s.visible(by, used), Message: fmt.Sprintf(
				"%d documents that name secrets, or plans of secrets, were stored with this token and end without it; store them with another, let the token expire instead, or delete with ?force=true", len(used))}
		}
		if id == adminToken {
			r.Revoked, r.ETag = true, randomID()
			return put(tx, tokenKey(id), r)
		}
		return tx.Delete(tokenKey(id))
	})
}

// storedBy gives the documents that name secrets and stand on somebody's
// permissions, and the secrets whose plans do.
func (st *state) storedBy(subject string) []Reference {
	var out []Reference
	for _, byName := range st.docs {
		for _, doc := range byName {
			if doc.Author.ID == subject && len(doc.Secrets) > 0 {
				out = append(out, doc.reference())
			}
		}
	}
	for scope, byName := range st.secrets {
		for name, x := range byName {
			if p := x.record.Rotation; p != nil && p.Author.ID == subject {
				out = append(out, Reference{Kind: KindSecret, Scope: scope.Path(), Name: name})
			}
		}
	}
	slices.SortFunc(out, Reference.compare)
	return out
}

// notTheLast makes sure that a token can go and leave somebody who administers.
func (s *Store) notTheLast(id string) error {
	now := time.Now()
	for other, r := range s.state.Load().tokens {
		if other != id && r.Role == access.Admin && r.Scope == "" && !r.expired(now) && r.ExpiresAt == nil {
			return nil
		}
	}
	if r := s.state.Load().tokens[id]; r == nil || r.Role != access.Admin || r.Scope != "" {
		return nil
	}
	return fail(ErrInUse, "it is the last administrator's token of the platform that does not expire; create another one first")
}

func (s *Store) changeToken(ctx context.Context, a act, ifMatch string, change func(kv.WriteTx, *tokenRecord) error) error {
	scope, id := a.scope, a.name
	return s.write(ctx, a, func(tx kv.WriteTx) error {
		if err := scopeExists(tx, scope); err != nil {
			return err
		}
		raw, err := tx.Get(tokenKey(id))
		if errors.Is(err, kv.ErrNotFound) {
			return noToken(scope)
		}
		if err != nil {
			return err
		}
		var r tokenRecord
		if err := json.Unmarshal(raw, &r); err != nil {
			return fmt.Errorf("token %s: %w", id, err)
		}
		if r.Scope != scope.Path() || r.Revoked {
			return noToken(scope)
		}
		if err := (precondition{etag: ifMatch}).check(true, r.ETag, "the token"); err != nil {
			return err
		}
		return change(tx, &r)
	})
}
