package script

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/seal"
)

// Document is a script as it is stored.
type Document struct {
	Language Language `json:"language"`
	Source   string   `json:"source"`
	// Secrets are secrets that the source reads by computed names, besides those
	// that it names.
	Secrets     []string `json:"secrets,omitempty"`
	Description string   `json:"description,omitempty"`
}

// Entry is a stored script with what the store knows of it.
type Entry = secretstore.Entry[Document]

// Service keeps the scripts of a store and runs them.
type Service struct {
	secretstore.Shelf[Document]
	engine *Engine
}

// NewService makes a Service of scripts that run in engine.
func NewService(store *secretstore.Store, engine *Engine) *Service {
	s := &Service{engine: engine}
	s.Shelf = secretstore.Shelf[Document]{Store: store, Kind: secretstore.KindScript, Check: s.check}
	return s
}

// check compiles a script and gives its sealing set; the error is a *CheckError.
func (s *Service) check(ctx context.Context, scope secretstore.Scope, d *Document) ([]string, error) {
	if d.Language == "" {
		d.Language = JavaScript
	}
	for _, name := range d.Secrets {
		if err := secretstore.CheckName(name); err != nil {
			return nil, err
		}
	}
	checked, err := s.engine.Check(ctx, Source{
		Language: d.Language, Source: d.Source,
		Structured: func(name string) bool { return s.Store.Structured(scope, name) },
	})
	if err != nil {
		return nil, err
	}
	set := append(checked.Secrets, d.Secrets...)
	slices.Sort(set)
	return slices.Compact(set), nil
}

// Run runs a stored script that a scope sees. The names in it are looked up from
// the scope where it is stored, never the caller's.
func (s *Service) Run(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, name string, input json.RawMessage) (Result, error) {
	doc, d, err := s.Find(by, scope, name)
	if err != nil {
		return Result{}, err
	}
	s.Store.Used(by, doc)
	return s.run(ctx, by, doc.Scope, Run{
		ID: fmt.Sprintf("%s:%s:%s", doc.Scope.Path(), doc.Name, doc.ETag),
		// What a script keeps for one scope that calls it another does not see.
		CacheID: fmt.Sprintf("%s:%s:%s %s", doc.Scope.Path(), doc.Name, doc.ETag, scope.Path()),
		Name:    doc.Name,
		Source:  Source{Language: d.Language, Source: d.Source},
		Input:   input,
	}, doc.SealingSet()), nil
}

// Test runs a script that is not stored, as if it were stored in a scope.
func (s *Service) Test(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, d Document, input json.RawMessage) (Result, error) {
	secrets, err := s.check(ctx, scope, &d)
	if err != nil {
		return Result{}, err
	}
	set, err := s.Store.SealingSet(by, scope, secrets)
	if err != nil {
		return Result{}, err
	}
	return s.run(ctx, by, scope, Run{Name: "test", Source: Source{Language: d.Language, Source: d.Source}, Input: input}, set), nil
}

func (s *Service) run(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, r Run, set *seal.Set) Result {
	r.Seal = set.NewRun(s.Store.RunOptions(by, scope))
	r.Variables = s.Store.Variables(scope)
	r.SetSecret = func(ctx context.Context, name string, sealed any, where string) error {
		target, err := settable(scope, where)
		if err != nil {
			return err
		}
		return s.Store.SetSecret(ctx, by, r.Seal, target, name, sealed)
	}
	return s.engine.Run(ctx, r)
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
