package decisionlog

import (
	"context"
	"strings"
	"time"

	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/seal"
)

// Filter says which decisions to list. Fields that are "" or zero match all.
type Filter struct {
	Policy    string
	Point     string
	Principal string
	Outcome   Outcome
	// Differs leaves those whose candidate decided otherwise or failed.
	Differs bool
	// Since and Until are when they were asked for, from the one to before the other.
	Since, Until time.Time
}

func (f Filter) matches(r *Record) bool {
	return (f.Policy == "" || f.Policy == r.Policy) && (f.Point == "" || f.Point == r.Point) &&
		(f.Principal == "" || f.Principal == r.Principal) && (f.Outcome == "" || f.Outcome == r.Outcome) &&
		(!f.Differs || r.DryRun != nil && len(r.DryRun.Differs) > 0) && (f.Until.IsZero() || r.Started.Before(f.Until))
}

// List lists decisions that a scope, or one beneath it, asked for, the newest first
// and without inputs and results.
func (l *Log) List(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, f Filter, p secretstore.PageRequest) (secretstore.Page[Record], error) {
	page := secretstore.Page[Record]{Items: []Record{}}
	if err := l.cfg.Store.ReadRecords(by, secretstore.KindDecision, scope); err != nil {
		return page, err
	}
	if p.Size == 0 {
		p.Size = secretstore.DefaultPageSize
	}
	err := l.records.Scan(ctx, p.Token, func(e *entry) bool {
		r := &e.Record
		if r.Started.Before(f.Since) {
			// What another server says of when it decided is no end of the list.
			return r.Point == policy.AtOPALog
		}
		if !f.matches(r) || !l.shows(by, scope, r) {
			return true
		}
		if len(page.Items) == p.Size {
			page.NextPageToken = page.Items[p.Size-1].ID
			return false
		}
		r.Input, r.Result, r.Masked = nil, nil, []seal.Masked{}
		if r.DryRun != nil {
			r.DryRun.Result = nil
		}
		page.Items = append(page.Items, *r)
		return true
	})
	return page, err
}

// Get gives one record whole. The error is secretstore.ErrNotFound for one that is
// not there, or of another scope.
func (l *Log) Get(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, id string) (*Record, error) {
	if err := l.cfg.Store.ReadRecords(by, secretstore.KindDecision, scope); err != nil {
		return nil, err
	}
	e, err := l.records.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if e == nil || !l.shows(by, scope, &e.Record) {
		return nil, &secretstore.Failure{Class: secretstore.ErrNotFound, Message: "no such decision in " + scope.String()}
	}
	return &e.Record, nil
}

// shows reports whether a scope's list has a decision: one that it asked for, or one
// beneath it. The records of all who answered must be his to see.
func (l *Log) shows(by secretstore.Principal, scope secretstore.Scope, r *Record) bool {
	path := scope.Path()
	if path != "" && r.Scope != path && !strings.HasPrefix(r.Scope, path+"/") {
		return false
	}
	at, name := r.PolicyScope, r.Policy
	if name == "" {
		at, name = r.Scope, r.Script
	}
	for _, o := range r.Others {
		if !l.cfg.Store.ReadsRecordsOf(by, secretstore.KindDecision, o.PolicyScope, o.Policy) {
			return false
		}
	}
	return l.cfg.Store.ReadsRecordsOf(by, secretstore.KindDecision, at, name)
}
