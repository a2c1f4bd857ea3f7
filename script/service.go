package script

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"sync/atomic"
	"time"

	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/audit"
	"github.com/reticent/reticent/secretstore/key"
	"github.com/reticent/reticent/secretstore/seal"
)

// Service keeps the scripts of a store and runs them.
type Service struct {
	secretstore.Shelf[Document]
	// Keys are those that scripts operate with as context.keys; nil is none. It is set
	// before the first run.
	Keys *key.Service
	// Recorder keeps records of runs; nil keeps none. It is set before the first run.
	Recorder *Recorder
	engine   *Engine
	snapshot atomic.Pointer[shelf]
}

// NewService makes a Service of scripts that run in engine.
func NewService(store *secretstore.Store, engine *Engine) *Service {
	s := &Service{engine: engine}
	s.Shelf = secretstore.Shelf[Document]{Store: store, Kind: secretstore.KindScript, Check: s.check, Users: s.users}
	s.snapshot.Store(&shelf{})
	store.Subscribe(s.follow)
	return s
}

// users are the scripts that a script is a module of, and the secrets that it rotates.
func (s *Service) users(scope secretstore.Scope, name string) []secretstore.Reference {
	var out []secretstore.Reference
	for _, doc := range s.Store.Dependents(secretstore.KindScript, scope, name) {
		out = append(out, secretstore.Reference{Kind: doc.Kind, Scope: doc.Scope.Path(), Name: doc.Name})
	}
	return append(out, s.Store.RotatedBy(scope, name)...)
}

// Rotate runs a script that gives a secret a new value, for [secretstore.Rotator].
// The error has what the run would answer with, which is masked.
func (s *Service) Rotate(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, name string, input json.RawMessage) error {
	result, err := s.RunWith(ctx, by, scope, name, Given{Input: input, Point: PointRotation})
	if err != nil {
		return err
	}
	if e := result.Error; e != nil {
		return &secretstore.Failure{Class: secretstore.ErrInvalid, Message: fmt.Sprintf("script %s: %s: %s", name, e.Code, e.Message)}
	}
	return nil
}

// follow swaps the snapshot. The store calls it one change at a time, with every
// script that a change of a module or of a secret reaches.
func (s *Service) follow(change secretstore.Change) {
	last := *s.snapshot.Load()
	next := maps.Clone(last)
	touched := false
	for _, doc := range change.Removed {
		if doc.Kind == secretstore.KindScript {
			touched = true
			delete(next, place{doc.Scope, doc.Name})
		}
	}
	for _, doc := range change.Changed {
		if doc.Kind == secretstore.KindScript {
			touched = true
			at := place{doc.Scope, doc.Name}
			next[at] = keep(doc, last[at])
		}
	}
	if touched {
		s.snapshot.Store(&next)
	}
}

// keep reads a document, unless that was done before.
func keep(doc *secretstore.Document, last *stored) *stored {
	out := &stored{doc: doc}
	if last != nil && last.doc.ETag == doc.ETag {
		out.body = last.body
	} else if err := json.Unmarshal(doc.Body, &out.body); err != nil {
		slog.Error("a stored script cannot be read", "script", doc.Name, "scope", doc.Scope.Path(), "error", err)
	}
	return out
}

// Run runs a stored script that a scope sees. The names in it are looked up from
// the scope where it is stored, never the caller's.
func (s *Service) Run(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, name string, input json.RawMessage) (Result, error) {
	return s.RunWith(ctx, by, scope, name, Given{Input: input})
}

// Given is what a run is given besides secrets and variables.
type Given struct {
	// Input becomes context.input.
	Input json.RawMessage
	// Context is spread on context itself.
	Context map[string]json.RawMessage
	// Point is what the run answers, for its record; empty is [PointRun].
	Point string
	// Fixtures answer fetch, in a test of a script that is not stored.
	Fixtures host.Fixtures
}

// RunWith is Run with more than an input.
func (s *Service) RunWith(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, name string, given Given) (Result, error) {
	doc, err := s.Store.FindDocument(by, secretstore.KindScript, scope, name)
	if err != nil {
		return Result{}, err
	}
	if refused := doc.Forbidden(); refused != nil {
		s.Store.Evaluated(ctx, by, doc, audit.Failed)
		return Result{Error: &RunError{Code: refused.Code, Message: refused.Message}}, nil
	}
	completed, err := s.Store.Complete(ctx, doc)
	if err != nil {
		s.Store.Evaluated(ctx, by, doc, audit.Failed)
		return Result{Error: &RunError{Code: CodeCancelled, Message: "the run was cancelled before its secrets were fetched"}}, nil
	}
	doc = completed
	s.Store.Used(by, doc)
	all := *s.snapshot.Load()
	found := all[place{doc.Scope, doc.Name}]
	if found == nil || found.doc.ETag != doc.ETag {
		found = keep(doc, nil) // stored this moment: the snapshot will have it
	}
	if found.body.Kind == KindModule {
		return Result{}, &secretstore.Failure{Class: secretstore.ErrInvalid,
			Message: "script " + doc.Name + " is a module: scripts require it, and nothing runs it"}
	}
	p := found.program(all)
	result := s.run(ctx, by, doc.Author, doc.Scope, Run{
		ID: p.id,
		// What a script keeps for one scope that calls it another does not see.
		CacheID: p.id + " " + scope.Path(),
		Name:    doc.Name,
		Source:  p.source,
		Input:   given.Input,
		Context: given.Context,

		Occasion:    Occasion{ScriptScope: doc.Scope.Path(), Version: doc.Version, Scope: scope.Path(), Point: cmp.Or(given.Point, PointRun)},
		RecordInput: found.body.RecordInput,
		Keys:        s.keys(doc.Scope, p.keys),
	}, doc.SealingSet())
	s.Store.Evaluated(ctx, by, doc, result.outcome())
	return result, nil
}

// outcome is how the audit log has a run.
func (r Result) outcome() audit.Outcome {
	if r.Error != nil {
		return audit.Failed
	}
	return audit.OK
}

// Test runs a script that is not stored, as if it were stored in a scope.
func (s *Service) Test(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, d Document, input json.RawMessage) (Result, error) {
	return s.TestWith(ctx, by, scope, d, Given{Input: input})
}

// TestWith is Test with more than an input.
func (s *Service) TestWith(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, d Document, given Given) (Result, error) {
	p, err := s.examine(ctx, scope, "", &d)
	if err != nil {
		return Result{}, err
	}
	set, err := s.Store.SealingSet(ctx, by, secretstore.KindScript, scope, secretstore.References{Secrets: p.secrets, Uses: p.uses})
	if err != nil {
		return Result{}, err
	}
	keys := s.keys(scope, namedKeys(by, p.keys, p.source.Modules))
	if refused := forbidden(keys); refused != nil {
		return Result{}, refused
	}
	result := s.run(ctx, by, by, scope, Run{Name: "test", Keys: keys, Source: p.source, Input: given.Input, Context: given.Context, Fixtures: given.Fixtures,
		Occasion: Occasion{ScriptScope: scope.Path(), Scope: scope.Path(), Point: PointTest}, RecordInput: d.RecordInput}, set)
	s.Store.Tested(ctx, by, secretstore.KindScript, scope, p.secrets, result.outcome())
	return result, nil
}

// run runs a script for one principal and with the permissions of another: what it
// stores with context.secrets.set is its author's doing, whoever runs it.
func (s *Service) run(ctx context.Context, by, author secretstore.Principal, scope secretstore.Scope, r Run, set *seal.Set) Result {
	r.Seal = set.NewRun(s.Store.RunOptions(by, scope))
	r.Variables = s.Store.Variables(scope)
	r.SetSecret = func(ctx context.Context, name string, sealed any, where string) error {
		target, err := settable(scope, where)
		if err != nil {
			return err
		}
		return s.Store.SetSecret(ctx, author, r.Seal, target, name, sealed)
	}
	if s.Recorder == nil {
		return s.engine.Run(ctx, r)
	}
	r.RecordInput = r.RecordInput || s.Recorder.recordInput
	start := time.Now()
	result := s.engine.Run(ctx, r)
	s.Recorder.Add(executionOf(r, by, result, start))
	return result
}

// settable is where context.secrets.set may write: the project of the script or
// the platform. A service's own secrets come with it and are not a script's to
// change.
func settable(scope secretstore.Scope, where string) (secretstore.Scope, error) {
	switch where {
	case "platform":
		return secretstore.Scope{}, nil
	case "project", "":
		if scope.Project == "" {
			if where == "" {
				return secretstore.Scope{}, nil
			}
			return secretstore.Scope{}, seal.Errorf("invalid_scope", "the script is stored on the platform and has no project; use \"platform\"")
		}
		return secretstore.Scope{Project: scope.Project}, nil
	}
	return secretstore.Scope{}, seal.Errorf("invalid_scope", "secrets.set writes to \"project\" or \"platform\"")
}
