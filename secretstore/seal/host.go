package seal

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// HostRule is one entry of allowed_hosts: "host", "host:port" or "*.suffix",
// each with "http://" before it where plain HTTP is meant. Without a port it
// means 443, or 80 after "http://".
type HostRule struct {
	scheme   string
	host     string // without "*."
	wildcard bool
	port     int
}

// ParseHostRule reads an entry of allowed_hosts. "*." must stand before a name
// that somebody can own: "*.com" or "*.github.io" would let a secret go to
// anybody (https://publicsuffix.org). An error does not quote the entry.
func ParseHostRule(s string) (HostRule, error) {
	r := HostRule{scheme: "https", port: 443}
	rest := s
	if after, ok := strings.CutPrefix(rest, "http://"); ok {
		r.scheme, r.port, rest = "http", 80, after
	} else if after, ok := strings.CutPrefix(rest, "https://"); ok {
		rest = after
	}
	host, port, err := splitPort(rest)
	if err != nil {
		return HostRule{}, err
	}
	if port != 0 {
		r.port = port
	}
	if after, ok := strings.CutPrefix(host, "*."); ok {
		r.wildcard, host = true, after
	}
	if r.host, err = NormalizeHost(host); err != nil {
		return HostRule{}, err
	}
	if r.wildcard {
		if _, err := netip.ParseAddr(r.host); err == nil {
			return HostRule{}, errors.New("an address has no subdomains; name the address itself")
		}
		if suffix, _ := publicsuffix.PublicSuffix(r.host); suffix == r.host {
			return HostRule{}, errors.New("a public suffix, under which anybody can have a name; use a longer one")
		}
	}
	return r, nil
}

func splitPort(s string) (host string, port int, err error) {
	host, digits := s, ""
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", 0, fmt.Errorf("missing ]")
		}
		host = s[:end+1]
		if s[end+1:] == "" {
			return host, 0, nil
		}
		if s[end+1] != ':' {
			return "", 0, fmt.Errorf("unexpected text after ]")
		}
		digits = s[end+2:]
	} else if i := strings.IndexByte(s, ':'); i >= 0 {
		host, digits = s[:i], s[i+1:]
	} else {
		return host, 0, nil
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != digits {
		return "", 0, fmt.Errorf("the port must be a number from 1 to 65535")
	}
	return host, int(n), nil
}

// NormalizeHost gives the one spelling of a host name or address in which hosts
// are compared: lower case, IDNA to ASCII, no trailing dot, addresses in their
// canonical form without brackets. Spellings of addresses that resolvers read
// in different ways (octal, hexadecimal, short forms) and zones are refused.
func NormalizeHost(s string) (string, error) {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		if !ok || err != nil || addr.Zone() != "" || !addr.Is6() {
			return "", fmt.Errorf("not an IPv6 address")
		}
		return addr.Unmap().String(), nil
	}
	if addr, err := netip.ParseAddr(s); err == nil {
		if addr.Is6() {
			return "", fmt.Errorf("an IPv6 address stands in brackets")
		}
		return addr.String(), nil
	}
	ascii, err := toASCII(strings.TrimSuffix(s, "."))
	if err != nil || ascii == "" || len(ascii) > 253 {
		return "", fmt.Errorf("not a host name")
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if !validLabel(label) {
			return "", fmt.Errorf("not a host name")
		}
	}
	if last := ascii[strings.LastIndexByte(ascii, '.')+1:]; numeric(last) {
		return "", fmt.Errorf("an address must be written as four decimal numbers")
	}
	return ascii, nil
}

// toASCII lowers ASCII names as they are, since IDNA would refuse some that
// resolve (my_service, r3---sn-x), and maps the others, provided that the result
// maps to itself.
func toASCII(name string) (string, error) {
	lower := strings.ToLower(name)
	if isASCII(name) && !strings.Contains(lower, "xn--") {
		return lower, nil
	}
	ascii, err := idna.Lookup.ToASCII(name)
	if err != nil {
		return "", err
	}
	if again, err := idna.Lookup.ToASCII(ascii); err != nil || again != ascii {
		return "", fmt.Errorf("ambiguous name")
	}
	return ascii, nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func validLabel(l string) bool {
	if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
		return false
	}
	for i := range len(l) {
		c := l[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// numeric reports whether URL parsers would read the last label of a host as a
// number, and the host as an address (WHATWG URL, "ends in a number").
func numeric(label string) bool {
	return strings.HasPrefix(label, "0x") || strings.Trim(label, "0123456789") == ""
}

// Matches reports whether a request to scheme, host and port is meant. The host
// must be normalised.
func (r HostRule) Matches(scheme, host string, port int) bool {
	if r.scheme != scheme || r.port != port {
		return false
	}
	if r.wildcard {
		return strings.HasSuffix(host, "."+r.host)
	}
	return r.host == host
}

func (r HostRule) covers(o HostRule) bool {
	if !o.wildcard {
		return r.Matches(o.scheme, o.host, o.port)
	}
	return r.wildcard && r.scheme == o.scheme && r.port == o.port &&
		(r.host == o.host || strings.HasSuffix(o.host, "."+r.host))
}

// String gives the rule as it is written in allowed_hosts.
func (r HostRule) String() string {
	var b strings.Builder
	if r.scheme == "http" {
		b.WriteString("http://")
	}
	if r.wildcard {
		b.WriteString("*.")
	}
	if strings.Contains(r.host, ":") {
		b.WriteString("[" + r.host + "]")
	} else {
		b.WriteString(r.host)
	}
	if r.scheme == "http" && r.port != 80 || r.scheme == "https" && r.port != 443 {
		b.WriteString(":" + strconv.Itoa(r.port))
	}
	return b.String()
}
