package egress

import (
	"fmt"
	"net/netip"

	"github.com/reticent/reticent/secretstore/seal"
)

// reserved4 are the IPv4 networks that are not the public internet (IANA
// special-purpose registry, RFC 6890), and the one public address that a cloud
// answers its machines on.
var reserved4 = prefixes(
	"0.0.0.0/8",        // this network
	"10.0.0.0/8",       // private
	"100.64.0.0/10",    // carrier-grade NAT; a cloud's metadata service
	"127.0.0.0/8",      // loopback
	"168.63.129.16/32", // Azure's host agent
	"169.254.0.0/16",   // link-local; metadata services
	"172.16.0.0/12",    // private
	"192.0.0.0/24",     // protocol assignments; a cloud's metadata service
	"192.0.2.0/24",     // documentation
	"192.88.99.0/24",   // 6to4 relays
	"192.168.0.0/16",   // private
	"198.18.0.0/15",    // benchmarks
	"198.51.100.0/24",  // documentation
	"203.0.113.0/24",   // documentation
	"224.0.0.0/4",      // multicast
	"240.0.0.0/4",      // reserved; broadcast
)

// global6 is the part of IPv6 that is handed out. Everything else is reserved:
// loopback, unique local (a cloud's metadata service too), link-local,
// multicast, IPv4-mapped and -compatible, NAT64 (64:ff9b::/96), discard.
var global6 = netip.MustParsePrefix("2000::/3")

// reserved6 are the networks within global6 that are not the public internet,
// or that carry an IPv4 address which would have to be checked itself.
var reserved6 = prefixes(
	"2001::/23",     // protocol assignments; Teredo
	"2001:db8::/32", // documentation
	"2002::/16",     // 6to4
	"3fff::/20",     // documentation
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// public reports whether an address is on the public internet.
func public(a netip.Addr) bool {
	if a.Is4() {
		return !within(a, reserved4)
	}
	return global6.Contains(a) && !within(a, reserved6)
}

func within(a netip.Addr, list []netip.Prefix) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// addressRules say which addresses may be dialled: the public ones and what the
// operator allows.
type addressRules struct {
	networks []netip.Prefix
	hosts    map[string]bool
	loopback bool
}

func parseAddressRules(allow []string, loopback bool) (addressRules, error) {
	r := addressRules{hosts: make(map[string]bool), loopback: loopback}
	for _, entry := range allow {
		p, err := netip.ParsePrefix(entry)
		if a, addrErr := netip.ParseAddr(entry); addrErr == nil && a.Zone() == "" {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err == nil {
			if p.Addr().Is4In6() {
				return addressRules{}, fmt.Errorf("egress allow %q: write an IPv4-mapped network as IPv4", entry)
			}
			r.networks = append(r.networks, p.Masked())
			continue
		}
		host, err := seal.NormalizeHost(entry)
		if err != nil {
			return addressRules{}, fmt.Errorf("egress allow %q: neither a CIDR nor an address nor a host name without port", entry)
		}
		r.hosts[host] = true
	}
	return r, nil
}

// allow reports whether the address may be dialled for the normalised host.
func (r addressRules) allow(host string, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return public(a) || r.hosts[host] || r.loopback && a.IsLoopback() || within(a, r.networks)
}
