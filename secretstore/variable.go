package secretstore

import (
	"bytes"
	"context"
	"encoding/json"
)

// MaxVariableBytes is the size of the largest value of a variable, as JSON.
const MaxVariableBytes = 64 << 10

// Variable is plain configuration: unlike a secret it can be read.
type Variable struct {
	// Type is what the value is, for good; "" takes that of the variable that is
	// there, or for a new one that of the JSON value.
	Type VariableType `json:"type"`
	// Value is a JSON value of the type, and no null.
	Value       json.RawMessage `json:"value"`
	Description string          `json:"description"`
}

// VariableShelf keeps the variables of a store.
func VariableShelf(s *Store) Shelf[Variable] {
	return Shelf[Variable]{Store: s, Kind: KindVariable, Check: checkVariable, Settle: settleVariable}
}

func checkVariable(_ context.Context, _ Scope, _ string, v *Variable) (References, error) {
	switch {
	case len(v.Value) == 0 || bytes.Equal(v.Value, []byte("null")):
		return References{}, fail(ErrInvalid, "/value: any JSON value but null is expected")
	case len(v.Value) > MaxVariableBytes:
		return References{}, fail(ErrTooLarge, "/value: larger than %d bytes (MaxVariableBytes)", MaxVariableBytes)
	case len(v.Description) > MaxDescriptionBytes:
		return References{}, fail(ErrInvalid, "/description: longer than %d bytes (MaxDescriptionBytes)", MaxDescriptionBytes)
	}
	return References{}, nil
}

// settleVariable gives v its type, which is that of old if there is one, and its
// value the form of the type.
func settleVariable(old, v *Variable) error {
	switch {
	case old != nil && v.Type == "":
		v.Type = old.Type
	case v.Type == "":
		v.Type = typeOf(v.Value)
	case old != nil && v.Type != old.Type:
		return fail(ErrInvalid, "/type: the variable is of the type %s, which stays as it is; delete it to make one of another type", old.Type)
	}
	normalise, ok := variableTypes[v.Type]
	if !ok {
		return fail(ErrInvalid, "/type: use string, array, object, bool, int, number, list or keyvaluelist")
	}
	value, ok := normalise(v.Value)
	if !ok {
		return fail(ErrInvalid, "/value: the type %s wants %s", v.Type, typeWants[v.Type])
	}
	v.Value = value
	return nil
}

// Variables gives the values of the variables that a scope sees, the nearest of
// each name, as a JSON object. It is made once for each change of the store.
func (s *Store) Variables(scope Scope) json.RawMessage {
	st := s.state.Load()
	if known, ok := st.variables.Load(scope); ok {
		return known.(json.RawMessage)
	}
	values := map[string]json.RawMessage{}
	for name, doc := range st.visible(KindVariable, scope) {
		var v struct{ Value json.RawMessage }
		if err := json.Unmarshal(doc.Body, &v); err != nil {
			s.log.Error("a stored variable cannot be read", "name", name, "error", err)
			continue
		}
		values[name] = v.Value
	}
	out, err := json.Marshal(values)
	if err != nil {
		s.log.Error("stored variables cannot be read", "scope", scope.Path(), "error", err)
		out = []byte("{}")
	}
	st.variables.Store(scope, json.RawMessage(out))
	return out
}

func (s *Store) hasVariable(scope Scope, name string) bool {
	st := s.state.Load()
	for _, at := range scope.Chain() {
		if st.docs[docScope{KindVariable, at}][name] != nil {
			return true
		}
	}
	return false
}
