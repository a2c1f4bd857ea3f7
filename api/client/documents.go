package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// Meta is what the server knows of every document.
type Meta struct {
	Name    string `json:"name"`
	Scope   string `json:"scope"`
	Version int    `json:"version"`
	// SealingSet are the names of the secrets that the document refers to.
	SealingSet []string `json:"sealing_set"`
	// Warnings say what will go wrong, such as secrets that do not exist.
	Warnings  []string  `json:"warnings"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// StoredBy is the ID of the principal on whose permissions it stands.
	StoredBy string `json:"stored_by"`
	// Set is the set of manifests that it belongs to, if any.
	Set  string `json:"set,omitempty"`
	ETag string `json:"-"`
}

func (m *Meta) setETag(etag string) { m.ETag = etag }

// VariableSpec is a variable as it is written.
type VariableSpec struct {
	// Type is what the value is, for good: string, array, object, bool, int, number,
	// list or keyvaluelist. If empty it is that of the variable that is there, or of
	// the value.
	Type string `json:"type,omitempty"`
	// Value is any JSON value of the type, but null.
	Value       json.RawMessage `json:"value"`
	Description string          `json:"description,omitempty"`
}

// Variable is a variable with its value.
type Variable struct {
	Meta
	VariableSpec
}

// Variables gives the variables of a scope.
func (c *Client) Variables(s Scope) Collection[Variable, *Variable] {
	return Collection[Variable, *Variable]{reader[Variable, *Variable]{c, s, "variables"}}
}

// ScriptSpec is a script as it is written.
type ScriptSpec struct {
	// Language is "javascript" if empty.
	Language string `json:"language,omitempty"`
	Source   string `json:"source"`
	// Kind is "module" for a library that scripts require; empty is a script.
	Kind string `json:"kind,omitempty"`
	// Secrets are those that the source reads by computed names.
	Secrets     []string `json:"secrets,omitempty"`
	Description string   `json:"description,omitempty"`
	// RecordInput has records of runs tell the input, redacted.
	RecordInput bool `json:"record_input,omitempty"`
}

// Script is a script with its source.
type Script struct {
	Meta
	ScriptSpec
	// RefersTo is what the source refers to by constants.
	RefersTo RefersTo `json:"refers_to"`
}

// RefersTo is what a script refers to.
type RefersTo struct {
	Secrets   []string `json:"secrets"`
	Variables []string `json:"variables"`
	Keys      []string `json:"keys"`
	Hosts     []string `json:"hosts"`
	Modules   []string `json:"modules"`
}

// Scripts gives the scripts of a scope.
func (c *Client) Scripts(s Scope) Collection[Script, *Script] {
	return Collection[Script, *Script]{reader[Script, *Script]{c, s, "scripts"}}
}

// PolicySpec is a policy as it is written: Rego with Source or Modules, or
// Validators.
type PolicySpec struct {
	// Type is "api" if empty.
	Type        string            `json:"type,omitempty"`
	Language    string            `json:"language"`
	Source      string            `json:"source,omitempty"`
	Modules     map[string]string `json:"modules,omitempty"`
	Data        json.RawMessage   `json:"data,omitempty"`
	Decision    string            `json:"decision,omitempty"`
	RegoVersion *int              `json:"rego_version,omitempty"`
	Validators  json.RawMessage   `json:"validators,omitempty"`
	// RecordInput says whether the decision log has the input; nil is what the server
	// says.
	RecordInput *bool  `json:"record_input,omitempty"`
	Description string `json:"description,omitempty"`
}

// Policy is a policy with its source.
type Policy struct {
	Meta
	PolicySpec
}

// Policies gives the policies of a scope.
func (c *Client) Policies(s Scope) Collection[Policy, *Policy] {
	return Collection[Policy, *Policy]{reader[Policy, *Policy]{c, s, "policies"}}
}

// BindingSpec is a binding as it is written: a policy or a script, and the
// target that it answers for, "*" if empty.
type BindingSpec struct {
	Policy string `json:"policy,omitempty"`
	Script string `json:"script,omitempty"`
	Target string `json:"target,omitempty"`
	// DryRun is a policy that is evaluated beside Policy.
	DryRun string `json:"dry_run,omitempty"`
}

// Binding is a binding; its Name is the point.
type Binding struct {
	Meta
	BindingSpec
}

// Bindings are the bindings of a scope. Each is named by its point and its
// target; an empty target means "*".
type Bindings struct {
	all reader[Binding, *Binding]
}

// Bindings gives the bindings of a scope.
func (c *Client) Bindings(s Scope) Bindings {
	return Bindings{reader[Binding, *Binding]{c, s, "bindings"}}
}

// List gives a page of the bindings, by point and target.
func (x Bindings) List(ctx context.Context, p PageRequest) (Page[Binding], error) {
	return x.all.List(ctx, p)
}

// All gives all bindings, by point and target.
func (x Bindings) All(ctx context.Context) ([]Binding, error) { return x.all.All(ctx) }

// Get gives the binding of a point for a target.
func (x Bindings) Get(ctx context.Context, point, target string) (Binding, error) {
	b, _, err := x.all.send(ctx, x.call(http.MethodGet, point, target))
	return b, err
}

// Put creates or replaces a binding. document is a BindingSpec, or what marshals
// to the same JSON; its target counts.
func (x Bindings) Put(ctx context.Context, point string, document any, ifMatch string) (binding Binding, created bool, err error) {
	in := x.call(http.MethodPut, point, "")
	in.body, in.ifMatch = document, ifMatch
	return x.all.send(ctx, in)
}

// Patch changes a binding by a JSON merge patch (RFC 7396).
func (x Bindings) Patch(ctx context.Context, point, target string, patch any, ifMatch string) (Binding, error) {
	in := x.call(http.MethodPatch, point, target)
	in.body, in.ifMatch = patch, ifMatch
	b, _, err := x.all.send(ctx, in)
	return b, err
}

// Delete deletes a binding.
func (x Bindings) Delete(ctx context.Context, point, target, ifMatch string) error {
	in := x.call(http.MethodDelete, point, target)
	in.ifMatch = ifMatch
	_, err := x.all.c.do(ctx, in, nil)
	return err
}

func (x Bindings) call(method, point, target string) call {
	in := call{method: method, path: x.all.scope.path(x.all.kind, point)}
	if target != "" {
		in.query = url.Values{"target": {target}}
	}
	return in
}
