package policy

import (
	"encoding/json"
	"errors"
	"maps"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/reticent/reticent/policy/jsonvalue"
)

// AuthZENRequest is a question of the OpenID AuthZEN Authorization API 1.0: may
// this subject do this action on this resource? Members that the specification
// does not know are ignored, as it demands (section 10.1.1): no policy sees them.
type AuthZENRequest struct {
	// ResourceType is resource.type, which says who answers.
	ResourceType string
	// Parts are subject, action, resource and context, of those that there are: the
	// members of the policy's input. Requests of a batch share what is a default.
	Parts []*jsonvalue.Part
}

// Input gives the input of the policy that decides on the request.
func (r *AuthZENRequest) Input() json.RawMessage { return jsonvalue.Join(r.Parts) }

// AuthZENEntity is a subject or a resource.
type AuthZENEntity struct {
	Type       string         `json:"type,omitzero"`
	ID         string         `json:"id,omitzero"`
	Properties jsontext.Value `json:"properties,omitzero"`
}

// AuthZENAction is an action.
type AuthZENAction struct {
	Name       string         `json:"name"`
	Properties jsontext.Value `json:"properties,omitzero"`
}

// AuthZENResponse is the answer to an access evaluation.
type AuthZENResponse struct {
	Decision bool           `json:"decision"`
	Context  map[string]any `json:"context,omitempty"`
}

// authZENBody is the request as it is sent, unread.
type authZENBody struct {
	Subject  jsontext.Value `json:"subject"`
	Action   jsontext.Value `json:"action"`
	Resource jsontext.Value `json:"resource"`
	Context  jsontext.Value `json:"context"`
}

// ParseAuthZEN reads a request. The error is a [*Problem] with [CodeInput].
func ParseAuthZEN(text []byte) (*AuthZENRequest, error) {
	body, err := parseAuthZENBody[authZENBody](text)
	if err != nil {
		return nil, err
	}
	return body.read().request()
}

func parseAuthZENBody[T any](text []byte) (T, error) {
	var body T
	if err := jsonv2.Unmarshal(text, &body); err != nil {
		return body, badRequest("the request is not of AuthZEN: " + fault(err, ""))
	}
	return body, nil
}

func badRequest(message string) error { return &Problem{Code: CodeInput, Message: message} }

// authZENPart is a part of a request, or why it cannot be one.
type authZENPart struct {
	part *jsonvalue.Part
	kind string // of a resource, its type
	err  error
}

// authZENParts are the parts of a request. A part that is not there has neither a
// part nor an error.
type authZENParts struct{ subject, action, resource, context authZENPart }

func (b authZENBody) read() authZENParts {
	return authZENParts{
		subject: readEntity("subject", b.Subject, true), action: readAction(b.Action),
		resource: readEntity("resource", b.Resource, true), context: readContext(b.Context),
	}
}

// over gives the parts with those of defaults where there is none.
func (p authZENParts) over(defaults authZENParts) authZENParts {
	for _, pair := range [][2]*authZENPart{
		{&p.subject, &defaults.subject}, {&p.action, &defaults.action}, {&p.resource, &defaults.resource}, {&p.context, &defaults.context},
	} {
		if pair[0].part == nil && pair[0].err == nil {
			*pair[0] = *pair[1]
		}
	}
	return p
}

// request makes a request of its parts.
func (p authZENParts) request() (*AuthZENRequest, error) {
	r := &AuthZENRequest{ResourceType: p.resource.kind, Parts: make([]*jsonvalue.Part, 0, 4)}
	for _, x := range []struct {
		name string
		authZENPart
	}{{"subject", p.subject}, {"action", p.action}, {"resource", p.resource}, {"", p.context}} {
		switch {
		case x.err != nil:
			return nil, x.err
		case x.part != nil:
			r.Parts = append(r.Parts, x.part)
		case x.name != "":
			return nil, badRequest("the request needs " + x.name + ", an object")
		}
	}
	return r, nil
}

func absent(text jsontext.Value) bool { return len(text) == 0 || text.Kind() == 'n' }

// readEntity reads a subject or a resource. The id of what is searched for is
// ignored.
func readEntity(name string, text jsontext.Value, withID bool) authZENPart {
	if absent(text) {
		return authZENPart{}
	}
	var e AuthZENEntity
	if err := jsonv2.Unmarshal(text, &e); err != nil {
		return authZENPart{err: badRequest("the request is not of AuthZEN: " + fault(err, "/"+name))}
	}
	if e.Type == "" {
		return authZENPart{err: missing(name + ".type")}
	}
	if withID && e.ID == "" {
		return authZENPart{err: missing(name + ".id")}
	}
	if !withID {
		e.ID = ""
	}
	x := finish(name, &e.Properties, &e)
	x.kind = e.Type
	return x
}

func readAction(text jsontext.Value) authZENPart {
	if absent(text) {
		return authZENPart{}
	}
	var a AuthZENAction
	if err := jsonv2.Unmarshal(text, &a); err != nil {
		return authZENPart{err: badRequest("the request is not of AuthZEN: " + fault(err, "/action"))}
	}
	if a.Name == "" {
		return authZENPart{err: missing("action.name")}
	}
	return finish("action", &a.Properties, &a)
}

func readContext(text jsontext.Value) authZENPart {
	if absent(text) {
		return authZENPart{}
	}
	if text.Kind() != '{' {
		return authZENPart{err: badRequest("context must be an object")}
	}
	if err := interoperable(text); err != nil {
		return authZENPart{err: err}
	}
	return authZENPart{part: &jsonvalue.Part{Name: "context", Text: json.RawMessage(text)}}
}

func missing(name string) error {
	return badRequest("the request needs " + name + ", a string that is not empty")
}

// finish makes the part of an entity or action whose properties are checked here.
func finish(name string, properties *jsontext.Value, v any) authZENPart {
	switch properties.Kind() {
	case 'n':
		*properties = nil
	case 0, '{':
	default:
		return authZENPart{err: badRequest(name + ".properties must be an object")}
	}
	if err := interoperable(*properties); err != nil {
		return authZENPart{err: err}
	}
	text, err := jsonv2.Marshal(v)
	if err != nil {
		return authZENPart{err: badRequest(name + " cannot be written as JSON")}
	}
	return authZENPart{part: &jsonvalue.Part{Name: name, Text: text}}
}

// fault says what is wrong with a request, without quoting it: only the known
// members are decoded, so that a pointer leads to no other.
func fault(err error, at string) string {
	var e *jsonv2.SemanticError
	switch {
	case errors.As(err, &e) && at+string(e.JSONPointer) != "":
		return "the value at " + at + string(e.JSONPointer) + " is of a wrong type"
	case errors.Is(err, jsontext.ErrDuplicateName):
		return "an object has two members of the same name"
	}
	return "it must be an object, in JSON without lone surrogates and invalid UTF-8"
}

// AuthZEN gives a decision as the answer to an access evaluation. What the
// answer has no member for goes into its context: failures, recovery, output,
// masked and error where there are any, unless the policy gave a member of that
// name itself. Members that are null are left out (section 11.5).
func (d Decision) AuthZEN() AuthZENResponse {
	own, _ := d.Context.(map[string]any)
	context := maps.Clone(own)
	if context == nil {
		context = make(map[string]any)
	}
	masked := below(d.Masked, "/context", "/context")
	add := func(name string, value any, there bool) {
		if _, taken := context[name]; !there || taken {
			return
		}
		context[name] = value
		masked = append(masked, below(d.Masked, "/"+name, "/context/"+name)...)
	}
	add("failures", d.Failures, len(d.Failures) > 0)
	add("recovery", d.Recovery, len(d.Recovery) > 0)
	add("output", d.Output, len(d.Output) > 0)
	add("error", d.Error, d.Error != nil)
	add("masked", masked, len(masked) > 0)
	context, _ = WithoutNulls(context).(map[string]any)
	return AuthZENResponse{Decision: d.Decision, Context: context}
}

// WithoutNulls leaves out members of objects that are null: AuthZEN wants them
// absent (section 11.5). It copies what it changes.
func WithoutNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, e := range v {
			if e != nil {
				out[name] = WithoutNulls(e)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = WithoutNulls(e)
		}
		return out
	}
	return v
}
