package script

import (
	"context"
	"errors"
	"fmt"

	"github.com/reticent/reticent/script/program"
	"github.com/reticent/reticent/script/worker"
	"github.com/reticent/reticent/secretstore"
)

// Source is a script's text.
type Source struct {
	Language Language
	Source   string
	// Structured tells whether the value of a secret is known to be an object or
	// an array. Its length and the choice of one of its elements are metadata;
	// those of a string are not, and are refused. Nil means that none is known.
	Structured func(secret string) bool
	// Library is set for code written for other engines; see program.Unit.
	Library bool
	// Uses leads from what require is given to the place of the module in Modules.
	Uses map[string]int
	// Modules are the modules of the program, theirs included.
	Modules []Module
}

// Module is a shared module of a program, or another script of it.
type Module struct {
	Name string
	// ID identifies the version; compiled modules are kept under it.
	ID     string
	Source Source

	secrets []string // that it reads by computed names
	keys    []string // that it names
	author  secretstore.Principal
}

// units gives the script and its modules as one program. In a Source modules
// count from 0 and in a program from 1.
func (s Source) units(id string) []program.Unit {
	out := []program.Unit{s.unit(id, "")}
	for _, m := range s.Modules {
		out = append(out, m.Source.unit(m.ID, m.Name))
	}
	return out
}

func (s Source) unit(id, name string) program.Unit {
	uses := make(map[string]int, len(s.Uses))
	for asked, i := range s.Uses {
		uses[asked] = i + 1
	}
	return program.Unit{ID: id, Name: name, Language: s.Language, Source: s.Source, Library: s.Library, Uses: uses}
}

// Checked is what a source refers to.
type Checked struct {
	// Secrets and Variables are the names that it gives as constants, in order.
	Secrets   []string
	Variables []string
	// Keys are those of context.keys, likewise.
	Keys []string
	// Hosts are those of the URLs among its literals.
	Hosts []string
	// Fetches reports whether it calls fetch.
	Fetches bool
	// Requires are the modules that the source itself asks for.
	Requires []program.Require
}

// Finding is a reason to refuse a source, with its place and what to write
// instead.
type Finding = program.Finding

// CheckError is given for a source that is refused. It lists everything found.
type CheckError struct {
	Findings []Finding
}

// Error gives the first finding, and how many more there are.
func (e *CheckError) Error() string {
	s := "the script is refused: " + e.Findings[0].String()
	if n := len(e.Findings) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s
}

// Errors that a caller may try again after.
var (
	// ErrOverloaded is given when too many runs wait for a worker.
	ErrOverloaded = errors.New("script: overloaded: too many runs wait (the limit MaxQueued)")
	// ErrClosed is given after Close.
	ErrClosed = errors.New("script: the engine is closed")
)

// Check parses and checks a source, in a worker, so that no source can hurt the
// server. The error is a *CheckError, ErrOverloaded, ErrClosed or that of ctx.
func (e *Engine) Check(ctx context.Context, s Source) (*Checked, error) {
	checked, err := e.read(ctx, s)
	if err != nil {
		return nil, err
	}
	var lost []program.Require
	for _, want := range checked.Requires {
		_, builtin := program.CutBuiltin(want.Name)
		if _, there := s.Uses[want.Name]; !builtin && !there && !want.Optional {
			lost = append(lost, want)
		}
	}
	if lost != nil {
		return nil, &CheckError{Findings: missingModules(lost)}
	}
	return checked, nil
}

// read is Check of a source whose modules are not known yet.
func (e *Engine) read(ctx context.Context, s Source) (*Checked, error) {
	if s.Language != JavaScript && s.Language != TypeScript {
		return nil, &CheckError{Findings: []Finding{unknownLanguage}}
	}
	info, findings, err := e.check(ctx, s)
	if err != nil {
		return nil, poolError(err)
	}
	var kept []Finding
	for _, f := range findings {
		if !f.StringOnly || s.Structured == nil || !s.Structured(f.Secret) {
			kept = append(kept, f)
		}
	}
	if len(kept) > 0 {
		return nil, &CheckError{Findings: kept}
	}
	return &Checked{Secrets: info.Secrets, Variables: info.Variables, Keys: info.Keys, Hosts: info.Hosts, Fetches: info.Fetches, Requires: info.Requires}, nil
}

func (e *Engine) check(ctx context.Context, s Source) (*program.Info, []Finding, error) {
	if e.pool != nil {
		return e.pool.Check(ctx, s.units(""))
	}
	p, findings := program.Compile(s.units(""), program.Options{Check: true})
	if p == nil {
		return nil, findings, nil
	}
	return &p.Info, findings, nil
}

// poolError gives the errors of the pool under this package's names.
func poolError(err error) error {
	switch {
	case errors.Is(err, worker.ErrOverloaded):
		return ErrOverloaded
	case errors.Is(err, worker.ErrClosed):
		return ErrClosed
	}
	return err
}

var unknownLanguage = Finding{Code: program.CodeUnsupported, Line: 1, Column: 1,
	Message: "there is no such language", Advice: `use "javascript" or "typescript"`}
