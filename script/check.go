package script

import (
	"context"
	"errors"
	"fmt"

	"github.com/reticent/reticent/script/program"
	"github.com/reticent/reticent/script/worker"
)

// Source is a script's text.
type Source struct {
	Language Language
	Source   string
	// Structured tells whether the value of a secret is known to be an object or
	// an array. Its length and the choice of one of its elements are metadata;
	// those of a string are not, and are refused. Nil means that none is known.
	Structured func(secret string) bool
}

// Checked is what a source refers to.
type Checked struct {
	// Secrets and Variables are the names that it gives as constants, in order.
	Secrets   []string
	Variables []string
	// Hosts are those of the URLs among its literals.
	Hosts []string
	// Fetches reports whether it calls fetch.
	Fetches bool
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
	return &Checked{Secrets: info.Secrets, Variables: info.Variables, Hosts: info.Hosts, Fetches: info.Fetches}, nil
}

func (e *Engine) check(ctx context.Context, s Source) (*program.Info, []Finding, error) {
	if e.pool != nil {
		return e.pool.Check(ctx, s.Source, s.Language)
	}
	p, findings := program.Compile(s.Source, program.Options{Language: s.Language, Check: true})
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
