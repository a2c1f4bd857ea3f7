// Package trial runs the test files of scripts on their authors' machines.
//
// # How it fits
//
// It puts together what a server consists of, over throw-away data and without a
// network: the secrets of a test are sealed as on the server, what they may not do
// there they may not do here, and fetch is answered by fixtures. The test file uses
// node:test, which package program has in JavaScript.
//
// # What it protects
//
// The values that a test is given, as far as they can be real ones, from the report:
// it is masked as the answers of a server are. Scripts run in this process: their
// author is who runs them.
package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/reticent/reticent/script"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/kv/bolt"
)

// Limits of one test file, where they are not those of a run.
const (
	// MaxTime is how long all tests of a file may take.
	MaxTime = 60 * time.Second
	// MaxFetches is how many requests they may send.
	MaxFetches = 10_000
	// MaxFiles is how many scripts there may be beside a test file.
	MaxFiles = 500
)

// Config says what to run.
type Config struct {
	// File is the test file, NAME.test.js or NAME.test.ts. The scripts beside it,
	// and the modules in the folder modules beside it, can be required.
	File string
	// Secrets and Variables are those of the test, by name.
	Secrets   map[string]secretstore.Spec
	Variables map[string]json.RawMessage
}

// Case is how a test ended.
type Case struct {
	File string `json:"file"`
	// Name has the names of its suites in front.
	Name    string `json:"name"`
	OK      bool   `json:"ok"`
	Skipped bool   `json:"skipped,omitempty"`
	// Todo tests may fail.
	Todo     bool     `json:"todo,omitempty"`
	Duration float64  `json:"duration_ms"`
	Error    *Failure `json:"error,omitempty"`
}

// Failure is why a test failed. Secrets in it are masked.
type Failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	// File, Line and Column are the place; Line is 0 where it is not known.
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	// Module is the name of the script that it is in, "" for the test file.
	Module string `json:"module,omitempty"`
}

// Report is how a test file ended.
type Report struct {
	Cases   []Case
	Console []script.ConsoleLine
}

// Run runs a test file. The error is about the file or what is beside it; tests that
// fail are in the report.
func Run(ctx context.Context, c Config) (report Report, err error) {
	source, err := os.ReadFile(c.File)
	if err != nil {
		return Report{}, err
	}
	b, err := newBench(ctx)
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.prepare(ctx, c); err != nil {
		return Report{}, err
	}
	files, refused, err := b.shelve(ctx, c.File)
	if err != nil {
		return Report{}, err
	}
	result, err := b.scripts.TestWith(ctx, author, secretstore.Scope{},
		script.Document{Language: languageOf(c.File), Source: string(source) + "\nmodule.exports = require('node:test').run;"},
		script.Given{Fixtures: b.fixtures})
	if err != nil {
		return Report{}, whole(c.File, err, refused)
	}
	report = Report{Console: result.Console}
	if result.Error != nil {
		e := result.Error
		report.Cases = []Case{{File: c.File, Name: filepath.Base(c.File),
			Error: &Failure{Code: string(e.Code), Message: e.Message, Line: e.Line, Column: e.Column, Module: e.Module}}}
	} else if err := convert(result.Output, &report.Cases); err != nil {
		return Report{}, err
	}
	for i := range report.Cases {
		one := &report.Cases[i]
		one.File = c.File
		if f := one.Error; f != nil && f.Line > 0 {
			f.File = c.File
			if f.Module != "" {
				f.File = files[f.Module]
			}
		}
	}
	return report, nil
}

func convert(from any, to any) error {
	raw, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, to)
}

// whole gives the error of a test file that is refused: that of a script which it
// needs, where one was refused before.
func whole(file string, err error, refused map[string]error) error {
	for name, why := range refused {
		if strings.Contains(err.Error(), name) {
			return why
		}
	}
	return fmt.Errorf("%s: %w", file, err)
}

// author may do everything with the data of the test.
var author = secretstore.Principal{ID: "test", Admin: true}

// bench is what a server consists of.
type bench struct {
	dir      string
	store    *secretstore.Store
	sends    *egress.Client
	engine   *script.Engine
	scripts  *script.Service
	fixtures *fixtures
}

func newBench(ctx context.Context) (b *bench, err error) {
	b = &bench{fixtures: &fixtures{}}
	if b.dir, err = os.MkdirTemp("", "reticent-test-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	keys, err := envelope.CreateFile(filepath.Join(b.dir, "key.json"))
	if err != nil {
		return nil, err
	}
	state, err := bolt.Open(filepath.Join(b.dir, "state.db"), bolt.Options{})
	if err != nil {
		return nil, err
	}
	if b.store, err = secretstore.Open(ctx, secretstore.Config{KV: state, Keys: keys}); err != nil {
		return nil, errors.Join(err, state.Close())
	}
	if b.sends, err = egress.New(egress.Config{Answer: b.fixtures.answer}); err != nil {
		return nil, err
	}
	b.engine, err = script.New(script.Config{InProcess: true, Egress: b.sends, Limits: script.Limits{Time: MaxTime, Fetches: MaxFetches}})
	if err != nil {
		return nil, err
	}
	b.scripts = script.NewService(b.store, b.engine)
	return b, nil
}

func (b *bench) close() error {
	var err error
	if b.engine != nil {
		b.engine.Close()
	}
	if b.sends != nil {
		b.sends.Close()
	}
	if b.store != nil {
		err = b.store.Close()
	}
	return errors.Join(err, os.RemoveAll(b.dir))
}

// prepare stores secrets and variables.
func (b *bench) prepare(ctx context.Context, c Config) error {
	for name, spec := range c.Secrets {
		if _, err := b.store.CreateSecret(ctx, author, secretstore.Scope{}, name, spec); err != nil {
			return fmt.Errorf("secret %s: %w", name, err)
		}
	}
	variables := secretstore.VariableShelf(b.store)
	for name, value := range c.Variables {
		body, err := json.Marshal(map[string]json.RawMessage{"value": value})
		if err != nil {
			return fmt.Errorf("variable %s: %w", name, err)
		}
		if _, _, err := variables.Put(ctx, author, secretstore.Scope{}, name, body, ""); err != nil {
			return fmt.Errorf("variable %s: %w", name, err)
		}
	}
	return nil
}
