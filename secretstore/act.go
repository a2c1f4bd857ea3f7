package secretstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/reticent/reticent/secretstore/access"
	"github.com/reticent/reticent/secretstore/audit"
	"github.com/reticent/reticent/secretstore/kv"
)

// act is something that somebody does to a resource. The action is as of
// authorize.
type act struct {
	by     Principal
	action string
	scope  Scope
	name   string
}

func (a act) entry(ctx context.Context, o audit.Outcome) audit.Entry {
	return audit.Entry{Principal: a.by.ID, Action: a.action, Scope: a.scope.Path(), Name: a.name, Outcome: o, RequestID: audit.Request(ctx)}
}

// write does an administrative act: it commits fn together with the act's audit
// entry, or neither.
func (s *Store) write(ctx context.Context, a act, fn func(kv.WriteTx) error) error {
	err := s.update(ctx, func(tx kv.WriteTx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return s.audit.Append(tx, a.entry(ctx, audit.OK))
	})
	// Of a refusal there is an entry, and whether a request that nobody waits for was
	// done is in the log.
	if err != nil && !errors.Is(err, ErrForbidden) && ctx.Err() == nil {
		if !s.state.Load().exists(kindOf(a.action), a.scope, a.name) {
			a.name = ""
		}
		s.audit.Note(a.entry(ctx, audit.Failed))
	}
	return err
}

// Evaluated notes that something was evaluated for somebody, and how that ended.
// It touches no disk.
func (s *Store) Evaluated(ctx context.Context, by Principal, doc *Document, o audit.Outcome) {
	s.audit.Note(audit.Entry{Principal: by.ID, Action: string(doc.Kind) + ".execute", Scope: doc.Scope.Path(), Name: doc.Name,
		Outcome: o, Secrets: doc.names, RequestID: audit.Request(ctx)})
}

// Operated notes that an operation of a key was asked for by somebody who may.
func (s *Store) Operated(by Principal, doc *Document, operation string) {
	s.audit.Note(audit.Entry{Principal: by.ID, Action: string(doc.Kind) + "." + operation, Scope: doc.Scope.Path(), Name: doc.Name,
		Outcome: audit.OK, Secrets: doc.names})
}

// Tested notes that something was evaluated that is not stored.
func (s *Store) Tested(ctx context.Context, by Principal, kind Kind, scope Scope, secrets []string, o audit.Outcome) {
	s.audit.Note(audit.Entry{Principal: by.ID, Action: string(kind) + ".test", Scope: scope.Path(), Outcome: o,
		Secrets: secrets, RequestID: audit.Request(ctx)})
}

// Unauthenticated notes that somebody asked for something with no credential, or
// with one that is not valid.
func (s *Store) Unauthenticated(ctx context.Context) {
	s.audit.Note(audit.Entry{Action: "authenticate", Outcome: audit.Refused, RequestID: audit.Request(ctx)})
}

// AuditFilter says which entries are asked for; what is zero is not asked for.
type AuditFilter struct {
	Principal, Action, Name, Secret string
	Outcome                         audit.Outcome
	// From is the Seq of the first entry, Forwards the order: the newest first if it
	// is not set.
	From     int64
	Forwards bool
	// Since and Until bound the time.
	Since, Until time.Time
	// Size is the number of entries; 0 means DefaultPageSize.
	Size int
}

// Audit gives audit entries of a scope and of those below. The error is
// [ErrForbidden] for who may not read them.
func (s *Store) Audit(ctx context.Context, by Principal, scope Scope, f AuditFilter) (audit.Page, error) {
	if err := s.authorize(by, "audit.list", scope, ""); err != nil {
		return audit.Page{}, err
	}
	if err := s.state.Load().checkScope(scope); err != nil {
		return audit.Page{}, err
	}
	if f.Size == 0 {
		f.Size = DefaultPageSize
	}
	return s.audit.Read(ctx, f.From, !f.Forwards, f.Size, func(e *audit.Entry) bool {
		return access.Within(e.Scope, scope.Path()) &&
			(f.Principal == "" || f.Principal == e.Principal) && (f.Action == "" || f.Action == e.Action) &&
			(f.Name == "" || f.Name == e.Name) && (f.Outcome == "" || f.Outcome == e.Outcome) &&
			(f.Secret == "" || slices.Contains(e.Secrets, f.Secret)) && !e.Time.Before(f.Since) && (f.Until.IsZero() || e.Time.Before(f.Until))
	})
}

// VerifyAudit checks the whole audit log. It is the platform's.
func (s *Store) VerifyAudit(ctx context.Context, by Principal) (audit.Report, error) {
	if err := s.authorize(by, "audit.get", Scope{}, ""); err != nil {
		return audit.Report{}, err
	}
	return s.audit.Verify(ctx)
}
