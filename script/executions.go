package script

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/reticent/reticent/secretstore"
)

// Filter says which executions to list. Fields that are "" or zero match all.
type Filter struct {
	Script string
	Point  string
	// Outcome is "output", "error" for all that gave none, or a code.
	Outcome string
	// Since is when they started, at the earliest.
	Since time.Time
}

func (f Filter) matches(x *Execution) bool {
	return (f.Script == "" || f.Script == x.Script) && (f.Point == "" || f.Point == x.Point) &&
		(f.Outcome == "" || f.Outcome == x.Outcome || f.Outcome == "error" && x.Error != nil)
}

// ErrNoRecords is given where executions are not recorded.
var ErrNoRecords = errors.New("script: executions are not recorded")

// Executions lists runs that a scope, or one beneath it, asked for, the newest
// first and without their inputs, outputs and consoles.
func (s *Service) Executions(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, f Filter, p secretstore.PageRequest) (secretstore.Page[Execution], error) {
	page := secretstore.Page[Execution]{Items: []Execution{}}
	if err := s.Store.ReadRecords(by, secretstore.KindExecution, scope); err != nil {
		return page, err
	}
	if s.Recorder == nil {
		return page, ErrNoRecords
	}
	if p.Size == 0 {
		p.Size = secretstore.DefaultPageSize
	}
	err := s.Recorder.Scan(ctx, p.Token, func(x *Execution) bool {
		if x.Started.Before(f.Since) {
			return false
		}
		if !s.shows(by, scope, x) || !f.matches(x) {
			return true
		}
		if len(page.Items) == p.Size {
			page.NextPageToken = page.Items[p.Size-1].ID
			return false
		}
		x.Input, x.Output, x.Console, x.Masked = nil, nil, []ConsoleLine{}, x.Masked[:0]
		page.Items = append(page.Items, *x)
		return true
	})
	return page, err
}

// Execution gives one record whole. The error is secretstore.ErrNotFound for one
// that is not there, or of another scope.
func (s *Service) Execution(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, id string) (*Execution, error) {
	if err := s.Store.ReadRecords(by, secretstore.KindExecution, scope); err != nil {
		return nil, err
	}
	if s.Recorder == nil {
		return nil, ErrNoRecords
	}
	x, err := s.Recorder.Get(ctx, id)
	if err == nil && (x == nil || !s.shows(by, scope, x)) {
		return nil, &secretstore.Failure{Class: secretstore.ErrNotFound, Message: "no such execution in " + scope.String()}
	}
	return x, err
}

// shows reports whether a scope's list has an execution: one that it asked for, or
// one beneath it.
func (s *Service) shows(by secretstore.Principal, scope secretstore.Scope, x *Execution) bool {
	path := scope.Path()
	return (path == "" || x.Scope == path || strings.HasPrefix(x.Scope, path+"/")) && s.Store.ReadsRecordsOf(by, secretstore.KindExecution, x.ScriptScope, x.Script)
}
