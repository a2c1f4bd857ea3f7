package secretstore

import (
	"regexp"
	"slices"
)

// MaxNameLength is the longest name of a scope or a resource, in characters.
const MaxNameLength = 124

var nameGrammar = regexp.MustCompile(`^[A-Za-z0-9_-]{1,124}$`)

// reserved are names that a script could not tell from a method of
// context.secrets or a property that JavaScript gives every object.
var reserved = []string{
	"get", "set", "constructor", "hasOwnProperty", "isPrototypeOf",
	"propertyIsEnumerable", "toLocaleString", "toString", "valueOf", "toJSON", "then",
	"__proto__", "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__",
}

// CheckName makes sure that a name is in the grammar of names,
// [A-Za-z0-9_-]{1,124}, and is none that JavaScript gives a meaning.
func CheckName(name string) error {
	if !nameGrammar.MatchString(name) {
		return fail(ErrInvalid, "a name has 1 to %d characters of A-Z, a-z, 0-9, _ and -", MaxNameLength)
	}
	if slices.Contains(reserved, name) {
		return fail(ErrInvalid, "the name %s is reserved: scripts could not read it as context.secrets.%s", name, name)
	}
	return nil
}
