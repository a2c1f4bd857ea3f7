package seal

import (
	"errors"
	"slices"
	"strings"
)

// Position is a part of an outbound request: "header", "query", "path",
// "body", or "body:/pointer" for one string of a JSON body (RFC 6901).
type Position string

// The positions of a request. Basic's password is a header.
const (
	Header Position = "header"
	Query  Position = "query"
	Path   Position = "path"
	Body   Position = "body"
)

// DefaultIn is where a secret may stand when its metadata say nothing: in a
// header, which hosts rarely store or show again.
var DefaultIn = []Position{Header}

const bodyPointer = "body:"

// ParsePosition reads one entry of allowed_in. An error does not quote it.
func ParsePosition(s string) (Position, error) {
	switch p := Position(s); {
	case p == Header, p == Query, p == Path, p == Body:
		return p, nil
	case strings.HasPrefix(s, bodyPointer+"/"):
		return p, nil
	}
	return "", errors.New("not a position; use header, query, path, body or body:/pointer")
}

// covers reports whether everything that o allows is allowed by p.
func (p Position) covers(o Position) bool {
	return p == o || p == Body && strings.HasPrefix(string(o), bodyPointer)
}

// Place is where in a request a sealed string is about to go.
type Place struct {
	// Scheme is "https" or "http".
	Scheme string
	// Host is the normalised host, without port.
	Host string
	// Port is the port that will be dialled.
	Port int
	// In is Header, Query, Path or Body.
	In Position
	// Pointer is the JSON pointer of the string within a JSON body, if it is
	// one.
	Pointer string
}

// Forbids tells which setting forbids the place: "allowed_hosts",
// "allowed_in", or "" when it is permitted.
func (l Limits) Forbids(p Place) string {
	if !l.Allow(Target{p.Scheme, p.Host, p.Port}) {
		return "allowed_hosts"
	}
	want := p.In
	if p.In == Body && p.Pointer != "" {
		want = Position(bodyPointer + p.Pointer)
	}
	if !slices.ContainsFunc(l.in(), func(in Position) bool { return in.covers(want) }) {
		return "allowed_in"
	}
	return ""
}

func (l Limits) in() []Position {
	if len(l.In) == 0 {
		return DefaultIn
	}
	return l.In
}

// Within reports whether l allows nothing that o does not.
func (l Limits) Within(o Limits) bool {
	for _, h := range l.Hosts {
		if !slices.ContainsFunc(o.Hosts, func(x HostRule) bool { return x.covers(h) }) {
			return false
		}
	}
	for _, in := range l.in() {
		if !slices.ContainsFunc(o.in(), func(x Position) bool { return x.covers(in) }) {
			return false
		}
	}
	return true
}

// Intersect gives limits that allow what both l and o allow. Where no position
// is left, no host is left either, since an empty In means the default.
func (l Limits) Intersect(o Limits) Limits {
	out := Limits{
		Hosts: intersect(l.Hosts, o.Hosts, HostRule.covers),
		In:    intersect(l.in(), o.in(), Position.covers),
	}
	if len(out.In) == 0 {
		return Limits{}
	}
	return out
}

func intersect[T comparable](a, b []T, covers func(T, T) bool) []T {
	var out []T
	keep := func(from, other []T) {
		for _, x := range from {
			if slices.ContainsFunc(other, func(y T) bool { return covers(y, x) }) && !slices.Contains(out, x) {
				out = append(out, x)
			}
		}
	}
	keep(a, b)
	keep(b, a)
	return out
}

// Allow reports whether a value may go to a host at all.
func (l Limits) Allow(t Target) bool {
	return slices.ContainsFunc(l.Hosts, func(h HostRule) bool { return h.Matches(t.Scheme, t.Host, t.Port) })
}
