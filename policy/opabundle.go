package policy

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/policy/rego"
	"github.com/reticent/reticent/secretstore"
)

// Bundle is a stored Rego policy as another OPA loads it.
type Bundle struct {
	// Tarball is a tar, packed by gzip.
	Tarball []byte
	// ETag is the policy's.
	ETag string
}

// Bundle gives a policy that a scope sees as a bundle of OPA's. A policy that uses
// secrets, or sends requests, is refused with secret_in_residual: without them an
// OPA would decide something else, and with them it would give them away.
func (s *Service) Bundle(by secretstore.Principal, scope secretstore.Scope, name string) (Bundle, error) {
	e, d, err := s.readable(by, scope, name)
	if err != nil {
		return Bundle{}, err
	}
	compiled, err := d.Compile()
	if err != nil {
		return Bundle{}, err
	}
	program, ok := compiled.(regoProgram)
	if !ok {
		return Bundle{}, &Problem{Code: CodeInvalidDocument, Message: "only policies in Rego are bundles"}
	}
	if program.Sealed() {
		return Bundle{}, &Problem{Code: string(rego.CodeResidual), Message: "the policy uses a secret, or sends requests: no other server can decide with it"}
	}
	raw, err := tarball(d, program, fmt.Sprintf("%s version %d", name, e.Version))
	return Bundle{Tarball: raw, ETag: e.ETag}, err
}

// readable finds a policy that somebody may read, from a scope. One above that he
// may not read is not there for him.
func (s *Service) readable(by secretstore.Principal, scope secretstore.Scope, name string) (Entry, Document, error) {
	var missing error
	for _, at := range scope.Chain() {
		e, err := s.Get(by, at, name)
		above := at != scope && errors.Is(err, secretstore.ErrForbidden)
		if !errors.Is(err, secretstore.ErrNotFound) && !above {
			return e, e.Value, err
		}
		missing = cmp.Or(missing, err)
	}
	return Entry{}, Document{}, missing
}

func tarball(d Document, program regoProgram, revision string) ([]byte, error) {
	b := bundle.Bundle{Data: map[string]any{}}
	var roots []string
	for _, root := range program.Roots() {
		path := strings.Join(root, "/")
		if !slices.ContainsFunc(roots, func(r string) bool { return path == r || strings.HasPrefix(path, r+"/") }) {
			roots = append(roots, path)
		}
	}
	b.Manifest = bundle.Manifest{Revision: revision, Roots: &roots, RegoVersion: d.RegoVersion}
	if d.Data != nil {
		data, err := jsonvalue.Decode(d.Data)
		if err != nil {
			return nil, err
		}
		b.Data = data.(map[string]any)
	}
	version := ast.RegoV1
	if d.RegoVersion != nil && *d.RegoVersion == 0 {
		version = ast.RegoV0
	}
	for file, text := range d.files() {
		m, err := ast.ParseModuleWithOpts(file, text, ast.ParserOptions{RegoVersion: version})
		if err != nil {
			return nil, err
		}
		b.Modules = append(b.Modules, bundle.ModuleFile{URL: file, Path: file, Raw: []byte(text), Parsed: m})
	}
	var out bytes.Buffer
	// The text of the modules is written as it is, comments included.
	if err := bundle.NewWriter(&out).DisableFormat(true).Write(b); err != nil {
		return nil, fmt.Errorf("write the bundle: %w", err)
	}
	return out.Bytes(), nil
}
