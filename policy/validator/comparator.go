package validator

// base is a comparator without its negation.
type base int

const (
	equals base = iota
	in
	contains
	containsAll
	containsAny
	exists
	startsWith
	endsWith
	matches
	less
	lessOrEqual
	greater
	greaterOrEqual
)

// comparator is how a source is compared with a target.
type comparator struct {
	name string
	base base
	// negated inverts an outcome that is known; a missing operand stays failed.
	negated bool
	// demand is what the source must do with the target, for messages.
	demand string
}

// comparators are all there are. Ordering has no negated names: the negation of
// less is greater_or_equal.
var comparators = func() map[string]comparator {
	table := make(map[string]comparator)
	for _, c := range []comparator{
		{"equals", equals, false, "must equal"},
		{"not_equals", equals, true, "must not equal"},
		{"in", in, false, "must be one of"},
		{"not_in", in, true, "must be none of"},
		{"contains", contains, false, "must contain"},
		{"not_contains", contains, true, "must not contain"},
		{"contains_all", containsAll, false, "must contain all of"},
		{"not_contains_all", containsAll, true, "must not contain all of"},
		{"contains_any", containsAny, false, "must contain one of"},
		{"not_contains_any", containsAny, true, "must contain none of"},
		{"exists", exists, false, "must be there"},
		{"not_exists", exists, true, "must not be there"},
		{"starts_with", startsWith, false, "must start with"},
		{"not_starts_with", startsWith, true, "must not start with"},
		{"ends_with", endsWith, false, "must end with"},
		{"not_ends_with", endsWith, true, "must not end with"},
		{"matches", matches, false, "must match"},
		{"not_matches", matches, true, "must not match"},
		{"less", less, false, "must be less than"},
		{"less_or_equal", lessOrEqual, false, "must not be greater than"},
		{"greater", greater, false, "must be greater than"},
		{"greater_or_equal", greaterOrEqual, false, "must not be less than"},
	} {
		table[c.name] = c
	}
	return table
}()

// blind reports whether the comparator compares whole values only, so that it
// may touch a secret. Any other tells a part of one, or that there is one.
func (b base) blind() bool {
	switch b {
	case equals, in, contains, containsAll, containsAny:
		return true
	}
	return false
}

// globs reports whether `*` in a literal beside this comparator is a wildcard.
func (b base) globs() bool { return b.blind() }

// collects reports whether the comparator takes its source as a list.
func (b base) collects() bool { return b == contains || b == containsAll || b == containsAny }
