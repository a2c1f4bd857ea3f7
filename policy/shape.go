package policy

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/reticent/reticent/policy/jsonvalue"
)

// shape is what a part of an input must look like, in as far as policies read
// it. Members that it does not name may be there and be anything.
type shape struct {
	// is is the JSON type, "any" for all, and or another that will do.
	is, or string
	// needs are the members that must be there.
	needs []string
	// members are the shapes of members that are there.
	members map[string]shape
	// each is the shape of every member, and of every element of an array.
	each *shape
}

var (
	anything = shape{is: "any"}
	object   = shape{is: "object"}
	text     = shape{is: "string"}
	header   = shape{is: "string", or: "array", each: &text}
)

// request is the shape of the request that reached the authorization server.
var request = shape{is: "object", members: map[string]shape{
	"method": text, "path": text, "raw_body": text, "remote_address": text,
	"headers": {is: "object", each: &header}, "query_params": {is: "object", each: &header},
	"path_params": object, "body": anything,
}}

// grants is the shape of the grants of one dynamic scope.
var grants = shape{is: "array", each: &object}

// known are the shapes of the members that inputs of all types may have.
var known = map[string]shape{
	"authn_ctx": object, "access_token": object, "id_token": object, "request": request,
	"contexts": {is: "object", members: map[string]shape{
		"client": object, "developer": object, "consent": object, "scopes": {is: "object", each: &grants},
	}},
}

// about gives the shape of inputs that must have a member, or one of contexts:
// what the requests of a type are always about, without which a policy would
// decide on nothing.
func about(member, context string) shape {
	in := shape{is: "object", needs: []string{member}, members: maps.Clone(known)}
	if context != "" {
		contexts := known[member]
		contexts.needs = []string{context}
		in.members[member] = contexts
	}
	return in
}

// inputs are the shapes by type.
var inputs = map[Type]shape{
	TypeUser:      about("authn_ctx", ""),
	TypeDeveloper: about("contexts", "developer"),
	TypeMachine:   about("contexts", "client"),
	TypeDCR:       about("request", ""),
	TypeAPI:       {is: "object", members: known},
}

// CheckInput checks the shape of an input for policies of a type. The error is a
// [*Problem] that [Problem.BadInput] holds of and that says where, by JSON
// pointer, and never what is there.
func (t Type) CheckInput(input json.RawMessage) error {
	v, refused := decodeInput(input)
	if refused != nil {
		return refused
	}
	if v == nil {
		v = map[string]any{}
	}
	if p := inputs[t.orAny()].check(v, ""); p != nil {
		return p
	}
	return nil
}

// check finds the first thing that is not of the shape.
func (s shape) check(v any, pointer string) *Problem {
	kind := kindOf(v)
	if kind == "null" {
		return nil // counts as missing
	}
	if s.is != "any" && s.is != kind && s.or != kind {
		return s.refuse(pointer)
	}
	switch v := v.(type) {
	case map[string]any:
		return s.checkMembers(v, pointer)
	case []any:
		for i, e := range v {
			if s.each == nil {
				return nil
			}
			if p := s.each.check(e, jsonvalue.Element(pointer, i)); p != nil {
				return p
			}
		}
	}
	return nil
}

func (s shape) checkMembers(v map[string]any, pointer string) *Problem {
	for _, name := range s.needs {
		if v[name] == nil {
			return &Problem{Code: CodeInput, Message: "the input must have " + jsonvalue.Member(pointer, name)}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.members)) {
		if p := s.members[name].check(v[name], jsonvalue.Member(pointer, name)); p != nil {
			return p
		}
	}
	if s.each == nil {
		return nil
	}
	for _, e := range v {
		// The name is the caller's, and not for an error.
		if p := s.each.check(e, pointer+"/*"); p != nil {
			return p
		}
	}
	return nil
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "boolean"
	}
	return "number"
}

func (s shape) refuse(pointer string) *Problem {
	if pointer == "" {
		pointer = "the whole of it"
	}
	must := s.is
	if s.or != "" {
		must += " or " + s.or
	}
	return &Problem{Code: CodeInput, Message: "in the input " + pointer + " must be of type " + must}
}
