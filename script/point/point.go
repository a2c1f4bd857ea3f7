// Package point knows the execution points at which an authorization server asks
// a script: what each gives it, what it may return, and what becomes of that.
//
// # How it fits
//
// The points, but for custom, and their contexts are Cloudentity's. Package api
// checks what a caller sends with [Point.CheckContext], runs the script that is
// bound with the context spread on its own, and has [Point.Apply] put its result
// in the place of what it changes.
//
// # What it protects
//
// Tokens and sessions, from scripts that return what is none of the point's
// business. A secret in a result never comes this far: at every point but custom
// that is an error, since "***" would end up in a token.
package point

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Point is a place at which a script is asked.
type Point string

// The points.
const (
	// PostAuthnCtx: an identity provider has said who somebody is; the target is
	// the provider.
	PostAuthnCtx Point = "post_authn_ctx"
	// AllowedIDPIDs: somebody is about to choose an identity provider.
	AllowedIDPIDs Point = "allowed_idp_ids"
	// TokenMinting: tokens are about to be signed; the target is a server.
	TokenMinting Point = "token_minting"
	// ClientTokenMinting is TokenMinting of one client, which is the target.
	ClientTokenMinting Point = "client_token_minting"
	// Custom is for callers with points of their own: any context, any result.
	Custom Point = "custom"
)

// Points are all points.
var Points = []Point{PostAuthnCtx, AllowedIDPIDs, TokenMinting, ClientTokenMinting, Custom}

// Valid reports whether there is such a point.
func (p Point) Valid() bool { return slices.Contains(Points, p) }

// Typed reports whether the point has a result schema, and a secret in a result is
// an error.
func (p Point) Typed() bool { return p != Custom }

// Reserved are the members of a script's context that no caller gives.
var Reserved = []string{"secrets", "variables", "input", "cache"}

//go:embed schemas
var files embed.FS

// Schema gives the JSON Schema of a point's "context" or "result".
func (p Point) Schema(of string) json.RawMessage {
	text, err := files.ReadFile("schemas/" + string(p) + "." + of + ".json")
	if err != nil {
		panic(err) // the point is not Valid
	}
	return text
}

// InvalidError says what breaks a schema. It quotes nothing of the value.
type InvalidError struct {
	// Pointer is a JSON pointer (RFC 6901) into the value.
	Pointer string
	// Rule is the keyword of JSON Schema that it breaks, such as "type".
	Rule string
}

// Error gives the place and the rule.
func (e *InvalidError) Error() string {
	at := e.Pointer
	if at == "" {
		at = "the whole value"
	}
	return fmt.Sprintf("%s breaks the rule %q of the point's schema", at, e.Rule)
}

// CheckContext checks what a caller gives at a point. The error is an
// [*InvalidError].
func (p Point) CheckContext(context map[string]json.RawMessage) error {
	for _, name := range Reserved {
		if _, there := context[name]; there {
			return &InvalidError{Pointer: "/" + name, Rule: "reserved"}
		}
	}
	text, err := json.Marshal(context)
	if err != nil {
		return &InvalidError{Rule: "json"}
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return &InvalidError{Rule: "json"}
	}
	return p.check("context", value)
}

func (p Point) check(of string, value any) error {
	schemas, err := compiled()
	if err != nil {
		return err
	}
	var broken *jsonschema.ValidationError
	if err := schemas[string(p)+"."+of].Validate(value); !errors.As(err, &broken) {
		return err
	}
	for len(broken.Causes) > 0 {
		broken = broken.Causes[0]
	}
	var pointer strings.Builder
	for _, part := range broken.InstanceLocation {
		pointer.WriteString("/" + escape(part))
	}
	rule := "schema"
	if path := broken.ErrorKind.KeywordPath(); len(path) > 0 {
		rule = path[len(path)-1]
	}
	return &InvalidError{Pointer: pointer.String(), Rule: rule}
}

func escape(s string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(s) }

var compiled = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	out := map[string]*jsonschema.Schema{}
	for _, p := range Points {
		for _, of := range []string{"context", "result"} {
			name := string(p) + "." + of
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(p.Schema(of)))
			if err != nil {
				return nil, fmt.Errorf("schema %s: %w", name, err)
			}
			c := jsonschema.NewCompiler()
			if err := c.AddResource(name, value); err != nil {
				return nil, fmt.Errorf("schema %s: %w", name, err)
			}
			if out[name], err = c.Compile(name); err != nil {
				return nil, fmt.Errorf("schema %s: %w", name, err)
			}
		}
	}
	return out, nil
})
