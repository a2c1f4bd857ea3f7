package secretstore

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// VariableType is the type of a variable. They are those of the variables of
// PingOne Advanced Identity Cloud (expressionType).
type VariableType string

// The types.
const (
	TypeString VariableType = "string"
	TypeArray  VariableType = "array"
	TypeObject VariableType = "object"
	TypeBool   VariableType = "bool"
	// TypeInt is a whole number that JavaScript has exactly, to 2^53-1.
	TypeInt    VariableType = "int"
	TypeNumber VariableType = "number"
	// TypeList is an array of strings. It may be written as one string with commas.
	TypeList VariableType = "list"
	// TypeKeyValueList is an object of strings.
	TypeKeyValueList VariableType = "keyvaluelist"
)

// typeWants says what the value of a type is.
var typeWants = map[VariableType]string{
	TypeString: "a string", TypeArray: "an array", TypeObject: "an object", TypeBool: "true or false",
	TypeInt:    "a whole number from -9007199254740991 to 9007199254740991, without a point or an exponent",
	TypeNumber: "a number of double precision", TypeList: "an array of strings, or a string with commas between",
	TypeKeyValueList: "an object whose members are strings",
}

// variableTypes check the value of each type, which is JSON, and give the form in
// which it is kept.
var variableTypes = map[VariableType]func(json.RawMessage) (json.RawMessage, bool){
	TypeString: func(v json.RawMessage) (json.RawMessage, bool) { return v, v[0] == '"' },
	TypeArray:  func(v json.RawMessage) (json.RawMessage, bool) { return v, v[0] == '[' },
	TypeObject: func(v json.RawMessage) (json.RawMessage, bool) { return v, v[0] == '{' },
	TypeBool:   func(v json.RawMessage) (json.RawMessage, bool) { return v, v[0] == 't' || v[0] == 'f' },
	TypeInt: func(v json.RawMessage) (json.RawMessage, bool) {
		n, err := strconv.ParseInt(string(v), 10, 64)
		return v, err == nil && n < 1<<53 && n > -1<<53
	},
	TypeNumber: func(v json.RawMessage) (json.RawMessage, bool) {
		f, err := strconv.ParseFloat(string(v), 64)
		return v, err == nil && !math.IsInf(f, 0) && typeOf(v) == TypeNumber
	},
	TypeList: func(v json.RawMessage) (json.RawMessage, bool) {
		var text string
		if json.Unmarshal(v, &text) == nil {
			parts := []string{}
			if text != "" {
				parts = strings.Split(text, ",")
			}
			v, _ = marshal(parts) // strings always marshal
			return v, true
		}
		return v, all[[]*string](v)
	},
	TypeKeyValueList: func(v json.RawMessage) (json.RawMessage, bool) { return v, all[map[string]*string](v) },
}

// all reports whether a JSON value is the array or object of strings that T is.
// Of a null among them encoding/json would make an empty string.
func all[T []*string | map[string]*string](v json.RawMessage) bool {
	var whole T
	if json.Unmarshal(v, &whole) != nil {
		return false
	}
	switch whole := any(whole).(type) {
	case []*string:
		return !slices.Contains(whole, nil)
	case map[string]*string:
		return !slices.Contains(slices.Collect(maps.Values(whole)), nil)
	}
	return false
}

// typeOf gives the type of a JSON value that comes without one. Every number is a
// number: it may be a whole one by chance.
func typeOf(v json.RawMessage) VariableType {
	switch v[0] {
	case '"':
		return TypeString
	case '[':
		return TypeArray
	case '{':
		return TypeObject
	case 't', 'f':
		return TypeBool
	}
	return TypeNumber
}
