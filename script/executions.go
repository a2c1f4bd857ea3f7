package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/kv"
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
	if err := s.Store.ReadRuns(by, scope); err != nil {
		return page, err
	}
	if s.Recorder == nil {
		return page, ErrNoRecords
	}
	if err := s.Recorder.sync(ctx); err != nil {
		return page, err
	}
	if p.Size == 0 {
		p.Size = secretstore.DefaultPageSize
	}
	after := ""
	if p.Token != "" {
		after = executionPrefix + p.Token
	}
	seen := 0
	err := s.Recorder.scan(ctx, after, func(entries []kv.Entry) (bool, error) {
		for _, e := range entries {
			x, err := decodeExecution(e.Value)
			if err != nil {
				return false, err
			}
			if x.Started.Before(f.Since) {
				return false, nil
			}
			if !s.shows(by, scope, x) || !f.matches(x) {
				continue
			}
			if len(page.Items) == p.Size {
				page.NextPageToken = page.Items[p.Size-1].ID
				return false, nil
			}
			x.Input, x.Output, x.Console, x.Masked = nil, nil, []ConsoleLine{}, x.Masked[:0]
			page.Items = append(page.Items, *x)
		}
		return true, nil
	}, &seen)
	return page, err
}

// Execution gives one record whole. The error is secretstore.ErrNotFound for one
// that is not there, or of another scope.
func (s *Service) Execution(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, id string) (*Execution, error) {
	if err := s.Store.ReadRuns(by, scope); err != nil {
		return nil, err
	}
	if s.Recorder == nil {
		return nil, ErrNoRecords
	}
	if err := s.Recorder.sync(ctx); err != nil {
		return nil, err
	}
	var raw []byte
	err := s.Recorder.cfg.KV.View(ctx, func(tx kv.Tx) (err error) {
		raw, err = tx.Get(executionPrefix + id)
		return err
	})
	absent := &secretstore.Failure{Class: secretstore.ErrNotFound, Message: "no such execution in " + scope.String()}
	if errors.Is(err, kv.ErrNotFound) {
		return nil, absent
	}
	if err != nil {
		return nil, err
	}
	x, err := decodeExecution(raw)
	if err == nil && !s.shows(by, scope, x) {
		return nil, absent
	}
	return x, err
}

func decodeExecution(raw []byte) (*Execution, error) {
	x := &Execution{}
	if err := json.Unmarshal(raw, x); err != nil {
		return nil, fmt.Errorf("script: a record of an execution cannot be read")
	}
	return x, nil
}

// shows reports whether a scope's list has an execution: one that it asked for, or
// one beneath it.
func (s *Service) shows(by secretstore.Principal, scope secretstore.Scope, x *Execution) bool {
	path := scope.Path()
	return (path == "" || x.Scope == path || strings.HasPrefix(x.Scope, path+"/")) && s.Store.ReadsRunsOf(by, x.ScriptScope, x.Script)
}
