package secretstore

import (
	"regexp"
	"slices"
	"strings"
)

// MaxNameLength is the longest name of a scope or a resource, in characters. It
// is that of the name of an ESV, its prefix included.
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
// [A-Za-z0-9_-]{1,124}, and is none that JavaScript gives a meaning. The names of
// the other systems are in it: those of Orkes Conductor, [A-Za-z0-9_-]+, and of
// ESVs of PingOne Advanced Identity Cloud, esv-[A-Za-z0-9_-]+ of 124 characters.
func CheckName(name string) error {
	if !nameGrammar.MatchString(name) {
		return fail(ErrInvalid, "a name has 1 to %d characters of A-Z, a-z, 0-9, _ and -", MaxNameLength)
	}
	if slices.Contains(reserved, name) {
		return fail(ErrInvalid, "the name %s is reserved: scripts could not read it as context.secrets.%s", name, name)
	}
	for _, prefix := range esvPrefixes {
		if name == prefix {
			return fail(ErrInvalid, "a name has something after %s", prefix)
		}
	}
	return nil
}

// esvPrefixes begin the names of ESVs: that of today, and that of the secrets
// which customers brought before there were ESVs. What follows is one name:
// byos-x and esv-x mean the same secret.
var esvPrefixes = []string{"esv-", "byos-"}

// Name gives the name of a resource that a reference means. It is the reference,
// but for that of an ESV, which is written with dots where the name has dashes:
// esv.my.secret means esv-my-secret.
func Name(reference string) string {
	if Managed(reference) {
		return reference
	}
	for _, prefix := range esvPrefixes {
		if strings.HasPrefix(reference, strings.ReplaceAll(prefix, "-", ".")) {
			return strings.ReplaceAll(reference, ".", "-")
		}
	}
	return reference
}

// alias gives the other name of an ESV, or "".
func alias(name string) string {
	for i, prefix := range esvPrefixes {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return esvPrefixes[1-i] + rest
		}
	}
	return ""
}

// lookup gives the names under which what a reference means may be stored: its
// own, and that of its alias. A scope never has both.
func lookup(reference string) []string {
	if Managed(reference) {
		return []string{reference}
	}
	name := Name(reference)
	if other := alias(name); other != "" {
		return []string{name, other}
	}
	return []string{name}
}

// find gives what a reference means among the resources of one scope.
func find[V any](byName map[string]V, reference string) (found V, ok bool) {
	for _, name := range lookup(reference) {
		if found, ok = byName[name]; ok {
			return found, true
		}
	}
	return found, false
}
