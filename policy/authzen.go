package policy

import (
	"encoding/json"
	"errors"
	"maps"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// AuthZENRequest is the request of an access evaluation (OpenID AuthZEN
// Authorization API 1.0). Members that the specification does not know are
// ignored, as it demands: no policy sees them.
type AuthZENRequest struct {
	Subject  AuthZENEntity  `json:"subject"`
	Action   AuthZENAction  `json:"action"`
	Resource AuthZENEntity  `json:"resource"`
	Context  jsontext.Value `json:"context,omitzero"`
}

// AuthZENEntity is a subject or a resource.
type AuthZENEntity struct {
	Type       string         `json:"type"`
	ID         string         `json:"id"`
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

// ParseAuthZEN reads a request. The error is a [*Problem] with [CodeInput].
func ParseAuthZEN(text []byte) (*AuthZENRequest, error) {
	r := &AuthZENRequest{}
	if err := jsonv2.Unmarshal(text, r); err != nil {
		return nil, &Problem{Code: CodeInput, Message: "the request is not an access evaluation: " + fault(err)}
	}
	for _, required := range []struct{ name, value string }{
		{"subject.type", r.Subject.Type}, {"subject.id", r.Subject.ID},
		{"action.name", r.Action.Name},
		{"resource.type", r.Resource.Type}, {"resource.id", r.Resource.ID},
	} {
		if required.value == "" {
			return nil, &Problem{Code: CodeInput, Message: "the request needs " + required.name + ", a string that is not empty"}
		}
	}
	for _, optional := range []struct {
		name  string
		value *jsontext.Value
	}{
		{"subject.properties", &r.Subject.Properties}, {"action.properties", &r.Action.Properties},
		{"resource.properties", &r.Resource.Properties}, {"context", &r.Context},
	} {
		switch optional.value.Kind() {
		case 'n':
			*optional.value = nil
		case 0, '{':
		default:
			return nil, &Problem{Code: CodeInput, Message: optional.name + " must be an object"}
		}
	}
	return r, nil
}

// fault says what is wrong with a request, without quoting it: only the known
// members are decoded, so that a pointer leads to no other.
func fault(err error) string {
	var e *jsonv2.SemanticError
	switch {
	case errors.As(err, &e) && e.JSONPointer != "":
		return "the value at " + string(e.JSONPointer) + " is of a wrong type"
	case errors.Is(err, jsontext.ErrDuplicateName):
		return "an object has two members of the same name"
	}
	return "it must be an object, in JSON without lone surrogates and invalid UTF-8"
}

// Input gives the input of the policy that decides on the request.
func (r *AuthZENRequest) Input() (json.RawMessage, error) {
	text, err := jsonv2.Marshal(r)
	return json.RawMessage(text), err
}

// AuthZEN gives a decision as the answer to an access evaluation. What the
// answer has no member for goes into its context: failures, recovery, output,
// masked and error where there are any, unless the policy gave a member of that
// name itself.
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
	return AuthZENResponse{Decision: d.Decision, Context: context}
}
