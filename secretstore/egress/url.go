package egress

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/reticent/reticent/secretstore/seal"
)

// location is a URL taken apart: what is dialled and what is asked for. There
// is one spelling of each part, so that the host that a rule was checked for
// and the host that is dialled cannot differ.
type location struct {
	scheme string // "http" or "https"
	host   string // normalised, IPv6 without brackets
	port   int
	path   string // percent-encoded, starts with "/"
	query  string // percent-encoded, without "?"
	asked  bool   // there is a "?"
}

// parseURL takes an absolute http or https URL apart. It refuses what URL
// parsers read in different ways: backslashes, spaces, control characters, user
// information, percent-encoded hosts, addresses in other than their usual
// spelling. The fragment is dropped.
func parseURL(s string) (location, error) {
	if len(s) > MaxURLBytes {
		return location{}, denied("the URL has more than MaxURLBytes (%d) bytes", MaxURLBytes)
	}
	if strings.ContainsFunc(s, oddInURL) {
		return location{}, denied("the URL holds a space, a control character or a backslash; percent-encode it")
	}
	scheme, rest, ok := strings.Cut(s, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "http" && scheme != "https" {
		return location{}, denied("the URL must be absolute and start with https:// or http://")
	}
	rest, _, _ = strings.Cut(rest, "#")
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	loc := location{scheme: scheme}
	if err := loc.setAuthority(authority); err != nil {
		return location{}, err
	}
	path, loc.query, loc.asked = strings.Cut(path, "?")
	loc.path = canonicalPath(path)
	loc.query = canonicalQuery(loc.query)
	return loc, nil
}

func oddInURL(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }

func (l *location) setAuthority(s string) error {
	if strings.ContainsAny(s, "@%") {
		return denied("the URL carries user information or a percent-encoded host; send credentials in an Authorization header and write the host plainly")
	}
	host, digits := s, ""
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		host, digits = s[:i], s[i+1:]
	}
	l.port = defaultPort(l.scheme)
	if digits != "" {
		n, err := strconv.ParseUint(digits, 10, 16)
		if err != nil || n == 0 || digits[0] == '0' {
			return denied("the port of the URL must be a number from 1 to 65535")
		}
		l.port = int(n)
	}
	var err error
	if l.host, err = seal.NormalizeHost(host); err != nil {
		return denied("the host of the URL can't be used: %s", err)
	}
	// A name whose ASCII form is no name itself has two readings.
	if again, err := seal.NormalizeHost(l.bracketed()); err != nil || again != l.host {
		return denied("the host of the URL can't be used: its ASCII form is not a host name")
	}
	return nil
}

func defaultPort(scheme string) int {
	if scheme == "http" {
		return 80
	}
	return 443
}

// authority gives host and, where it is not the scheme's, port, as they stand
// in a URL and in the Host header.
func (l location) authority() string {
	host := l.bracketed()
	if l.port != defaultPort(l.scheme) {
		host += ":" + strconv.Itoa(l.port)
	}
	return host
}

// bracketed gives the host as it stands in a URL.
func (l location) bracketed() string {
	if strings.Contains(l.host, ":") {
		return "[" + l.host + "]"
	}
	return l.host
}

// String gives the one spelling of the URL.
func (l location) String() string {
	s := l.scheme + "://" + l.authority() + l.path
	if l.asked {
		s += "?" + l.query
	}
	return s
}

// url gives what net/http sends as it stands: a canonical path is a valid
// encoding in the eyes of net/url, which therefore does not encode it anew.
func (l location) url() *url.URL {
	path, _ := url.PathUnescape(l.path)
	return &url.URL{
		Scheme: l.scheme, Host: l.authority(), Path: path, RawPath: l.path,
		RawQuery: l.query, ForceQuery: l.asked && l.query == "",
	}
}

func (l location) place(in seal.Position) seal.Place {
	return seal.Place{Scheme: l.scheme, Host: l.host, Port: l.port, In: in}
}

func (l location) target() seal.Target {
	return seal.Target{Scheme: l.scheme, Host: l.host, Port: l.port}
}

func (l location) sameOrigin(o location) bool {
	return l.scheme == o.scheme && l.host == o.host && l.port == o.port
}

// beforePath gives scheme and authority, or everything when the URL has no
// recognisable authority: the parts in which a secret may not stand.
func beforePath(s string) string {
	i := strings.Index(s, "://")
	if i < 0 {
		return s
	}
	i += len("://")
	if j := strings.IndexAny(s[i:], "/?#\\"); j >= 0 {
		return s[:i+j]
	}
	return s
}
