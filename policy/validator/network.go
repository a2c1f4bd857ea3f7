package validator

import (
	"net/netip"
	"strings"

	"github.com/reticent/reticent/policy/jsonvalue"
)

// addressField is where an input has the address of the peer that sent the
// request, as the caller of the API saw it.
const addressField = "request.remote_address"

// forwardedHeader has the addresses that proxies saw, each adding its peer at
// the end.
const forwardedHeader = "X-Forwarded-For"

// networks are networks of one family each.
type networks []netip.Prefix

func (n networks) contain(a netip.Addr) bool {
	for _, p := range n {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// network holds when the client's address is in one of the networks.
type network struct {
	in networks
	// field has the address of the peer.
	field operand
	// trusted are the proxies whose X-Forwarded-For is believed.
	trusted   networks
	forwarded operand
}

func compileNetwork(c *compiler, name string, v any, pointer string) node {
	conf, ok := c.conf(v, pointer, "cidrs", "field", "trusted_proxies")
	if !ok {
		return nil
	}
	n := network{in: conf.networks("cidrs"), field: conf.field("field", addressField)}
	if !conf.has("cidrs") {
		c.report(pointer, CodeShape, "", "%s needs cidrs, an array of networks such as 10.0.0.0/8", name)
	}
	if conf.has("trusted_proxies") {
		n.trusted = conf.networks("trusted_proxies")
		n.forwarded = operand{kind: headerOperand, path: headersPath, header: forwardedHeader}
	}
	return c.reasons(name, n.field.text, []string{
		"the client's address must be in one of the allowed networks",
		"the client's address must be in one of the allowed networks, but " + n.field.text + " holds no address",
		"the client's address must be in one of the allowed networks, but " + forwardedHeader + " cannot be understood",
	}, n.look)
}

// networks reads an array of CIDR blocks and single addresses.
func (f conf) networks(name string) networks {
	texts := f.texts(name)
	if len(texts) > MaxNetworks {
		f.report(f.at(name), CodeLimit, "", "there are more than %d networks (MaxNetworks)", MaxNetworks)
		return nil
	}
	var out networks
	for i, text := range texts {
		p, ok := parseNetwork(text)
		if !ok {
			f.report(jsonvalue.Element(f.at(name), i), CodeShape, "", "a network is written as 10.0.0.0/8, 2001:db8::/32 or as an address")
			continue
		}
		out = append(out, p)
	}
	return out
}

// parseNetwork reads a CIDR block without bits beside its mask, or an address.
// IPv4 in IPv6 (RFC 4291 section 2.5.5.2) is IPv4.
func parseNetwork(text string) (netip.Prefix, bool) {
	if a, ok := parseAddress(text); ok {
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(text)
	if err != nil || p != p.Masked() {
		return netip.Prefix{}, false
	}
	if p.Addr().Is4In6() {
		const mapped = 96
		if p.Bits() < mapped {
			return netip.Prefix{}, false
		}
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mapped), true
	}
	return p, true
}

// parseAddress reads an address, with a port or without one. A zone belongs to
// the machine that wrote it and is refused.
func parseAddress(text string) (netip.Addr, bool) {
	if with, err := netip.ParseAddrPort(text); err == nil {
		text = with.Addr().String()
	}
	text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}

// The reasons of a network not to hold.
const (
	networkOutside = iota
	networkMissing
	networkForwarded
)

func (n network) look(e *evaluation) (outcome, int) {
	text, _ := e.single(&n.field)
	client, ok := parseAddress(text)
	if !ok {
		return undecided, networkMissing
	}
	if n.trusted.contain(client) {
		if client, ok = n.behind(e, client); !ok {
			return undecided, networkForwarded
		}
	}
	return outcomeOf(n.in.contain(client)), networkOutside
}

// behind gives the address for which the trusted proxies speak: the last of
// X-Forwarded-For that is not one of theirs. What stands in front of it anybody
// could have written.
func (n network) behind(e *evaluation, peer netip.Addr) (netip.Addr, bool) {
	v, ok := e.read(&n.forwarded)
	if !ok {
		return peer, true // the proxy itself asks
	}
	if e.spellings(&n.forwarded) > 1 {
		return netip.Addr{}, false // in which order they came nobody knows
	}
	var hops []string
	for _, value := range v.([]any) {
		s, ok := value.(string)
		if !ok {
			return netip.Addr{}, false
		}
		hops = append(hops, strings.Split(s, ",")...)
	}
	if len(hops) > MaxForwarded {
		hops = hops[len(hops)-MaxForwarded:]
	}
	for i := len(hops) - 1; i >= 0 && n.trusted.contain(peer); i-- {
		if peer, ok = parseAddress(strings.TrimSpace(hops[i])); !ok {
			return netip.Addr{}, false
		}
	}
	return peer, true
}

// spellings counts the members of the headers that are one header.
func (e *evaluation) spellings(o *operand) int {
	v, _ := o.path.find(e.input)
	headers, _ := v.(map[string]any)
	n := 0
	for name := range headers {
		if strings.EqualFold(name, o.header) {
			n++
		}
	}
	return n
}
