package strictjson

import (
	"fmt"
	"reflect"
	"time"
)

// expected says what JSON a type is written as.
func expected(t reflect.Type) string {
	if t == nil {
		return "another type"
	}
	if t.Kind() == reflect.Pointer {
		return expected(t.Elem())
	}
	if t == reflect.TypeFor[time.Time]() {
		return "a time such as 2026-01-02T15:04:05Z (RFC 3339)"
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return fmt.Sprintf("an array, each element %s", expected(t.Elem()))
	case reflect.Map:
		return fmt.Sprintf("an object, each member %s", expected(t.Elem()))
	case reflect.Struct:
		// A member of a merge patch is written as what it holds.
		if _, ok := t.FieldByName("Present"); ok {
			value, _ := t.FieldByName("Value")
			return expected(value.Type) + " or null"
		}
		return "an object"
	}
	return "another type"
}
