package access

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Grant gives a subject permissions in the scope where it is stored and below.
type Grant struct {
	// Subject is "token:ID", "user:ISSUER:SUBJECT", "group:NAME" for a group kept
	// here, or "group:ISSUER:NAME" for one that an issuer's tokens name.
	Subject string `json:"subject"`
	// Role gives a role's permissions; then there is nothing but it.
	Role Role `json:"role,omitempty"`
	// Permissions are given on Kinds, or on [Granted] if there are none.
	Permissions []Permission `json:"permissions,omitempty"`
	Kinds       []Kind       `json:"kinds,omitempty"`
	// Names narrows them to resources whose name matches; * stands for any text.
	Names string `json:"names,omitempty"`
	// Tag narrows them to secrets that have this tag, "key:value".
	Tag         string `json:"tag,omitempty"`
	Description string `json:"description,omitempty"`
}

// Group is a set of subjects. A group has no groups of this server as members, so
// membership is one look-up and has no cycles.
type Group struct {
	// Members are "token:ID", "user:ISSUER:SUBJECT" or "group:ISSUER:NAME".
	Members     []string `json:"members"`
	Description string   `json:"description,omitempty"`
}

const (
	// MaxSubjectBytes is the length of the longest subject.
	MaxSubjectBytes = 512
	// MaxMembers is how many members a group has at most.
	MaxMembers = 10_000
	// MaxPatternBytes is the length of the longest pattern of names.
	MaxPatternBytes = 256
	// MaxDescriptionBytes bounds a description.
	MaxDescriptionBytes = 4 << 10
)

// patternGrammar is how patterns of names are written: as names, with * for any
// text, and the : between the point and the target of a binding.
var patternGrammar = regexp.MustCompile(`^[A-Za-z0-9_.:/*-]+$`)

// subjectGrammar keeps subjects printable, and apart: names have no colon.
var subjectGrammar = regexp.MustCompile(`^(token:[A-Za-z0-9_-]+|group:[A-Za-z0-9_-]+|(user|group):[A-Za-z0-9_-]+:[!-~]([ -~]*[!-~])?)$`)

// CheckSubject makes sure that a subject is one.
func CheckSubject(s string) error {
	if len(s) > MaxSubjectBytes {
		return fmt.Errorf("a subject is longer than %d bytes (MaxSubjectBytes)", MaxSubjectBytes)
	}
	if !subjectGrammar.MatchString(s) {
		return errors.New("a subject is token:ID, user:ISSUER:SUBJECT, group:NAME or group:ISSUER:NAME, in printable ASCII")
	}
	return nil
}

// Check makes sure that a grant gives something that grants can give.
func (g Grant) Check() error {
	if err := CheckSubject(g.Subject); err != nil {
		return fmt.Errorf("/subject: %w", err)
	}
	if len(g.Description) > MaxDescriptionBytes {
		return fmt.Errorf("/description: longer than %d bytes (MaxDescriptionBytes)", MaxDescriptionBytes)
	}
	if g.Role != "" {
		switch {
		case !slices.Contains(Roles, g.Role):
			return fmt.Errorf("/role: a role is one of %v", Roles)
		case len(g.Permissions) > 0 || len(g.Kinds) > 0 || g.Names != "" || g.Tag != "":
			return errors.New("/role: a grant of a role has no permissions, kinds, names or tag: write another grant for those")
		}
		return nil
	}
	if len(g.Permissions) == 0 {
		return errors.New("/permissions: a grant has a role or permissions")
	}
	for i, p := range g.Permissions {
		if !slices.Contains(Permissions, p) {
			return fmt.Errorf("/permissions/%d: a permission is one of %v", i, Permissions)
		}
	}
	for i, k := range g.Kinds {
		if !slices.Contains(Grantable, k) {
			return fmt.Errorf("/kinds/%d: permissions can be granted on %v; for the rest there are roles", i, Grantable)
		}
	}
	if len(g.Names) > MaxPatternBytes || g.Names != "" && !patternGrammar.MatchString(g.Names) {
		return fmt.Errorf("/names: a pattern has at most %d characters of a name (MaxPatternBytes), and * for any text", MaxPatternBytes)
	}
	if key, value, ok := strings.Cut(g.Tag, ":"); g.Tag != "" && (!ok || key == "" || value == "") {
		return errors.New("/tag: a tag is key:value")
	}
	if g.Tag != "" && slices.Contains(g.Permissions, Create) {
		return errors.New("/tag: what does not exist has no tags: create is granted on a scope or on names")
	}
	return nil
}

// Check makes sure that the members of a group can be members.
func (g Group) Check() error {
	if len(g.Members) > MaxMembers {
		return fmt.Errorf("/members: more than %d (MaxMembers)", MaxMembers)
	}
	if len(g.Description) > MaxDescriptionBytes {
		return fmt.Errorf("/description: longer than %d bytes (MaxDescriptionBytes)", MaxDescriptionBytes)
	}
	for i, m := range g.Members {
		if err := CheckSubject(m); err != nil {
			return fmt.Errorf("/members/%d: %w", i, err)
		}
		if strings.HasPrefix(m, "group:") && strings.Count(m, ":") == 1 {
			return fmt.Errorf("/members/%d: a group of this server cannot be a member of another", i)
		}
	}
	return nil
}

// matches reports whether a name is of a pattern, in which * stands for any text.
func matches(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(name, parts[0])
	if len(parts) == 1 {
		return ok && rest == ""
	}
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
