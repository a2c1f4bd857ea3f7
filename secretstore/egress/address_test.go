package egress

import (
	"net/netip"
	"testing"
)

func TestPublicAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"1.1.1.1": true, "9.255.255.255": true, "11.0.0.0": true, "100.63.255.255": true,
		"100.128.0.0": true, "172.15.255.255": true, "172.32.0.0": true, "192.0.1.0": true,
		"198.17.255.255": true, "198.20.0.0": true, "223.255.255.255": true,
		"2606:4700:4700::1111": true, "2a00:1450::1": true, "2001:200::1": true,

		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "127.0.0.1": false, "127.255.0.9": false,
		"100.64.0.1": false, "100.100.100.200": false, "168.63.129.16": false,
		"169.254.169.254": false, "172.16.0.1": false, "172.31.255.255": false,
		"192.0.0.192": false, "192.0.2.1": false, "192.88.99.1": false, "192.168.1.1": false,
		"198.18.0.1": false, "198.19.255.255": false, "198.51.100.7": false, "203.0.113.7": false,
		"224.0.0.1": false, "239.1.1.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "::7f00:1": false, "::ffff:127.0.0.1": false,
		"::ffff:10.0.0.1": false, "::ffff:0:127.0.0.1": false, "64:ff9b::7f00:1": false,
		"64:ff9b:1::a00:1": false, "100::1": false, "fc00::1": false, "fd00:ec2::254": false,
		"fe80::1": false, "fec0::1": false, "ff02::1": false, "2001::1": false,
		"2001:db8::1": false, "2002:7f00:1::": false, "3fff::1": false, "5f00::1": false,
		"fe80::1%eth0": false,
	} {
		rules, err := parseAddressRules(nil, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := rules.allow("example.com", netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: dialled %t, want %t", address, got, want)
		}
	}
}

func TestAllowedByTheOperator(t *testing.T) {
	rules, err := parseAddressRules([]string{"10.1.0.0/16", "192.168.7.7", "fd00::/8", "Intern.Example.", "[::2]"}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		host, address string
		want          bool
	}{
		{"a.example", "10.1.2.3", true},
		{"a.example", "::ffff:10.1.2.3", true},
		{"a.example", "10.2.2.3", false},
		{"a.example", "192.168.7.7", true},
		{"a.example", "192.168.7.8", false},
		{"a.example", "fd12::1", true},
		{"a.example", "127.0.0.1", false},
		{"intern.example", "10.9.9.9", true},
		{"intern.example", "127.0.0.1", true},
		{"x.intern.example", "10.9.9.9", false},
		{"::2", "::2", true},
	} {
		if got := rules.allow(tc.host, netip.MustParseAddr(tc.address)); got != tc.want {
			t.Errorf("%s at %s: %t, want %t", tc.host, tc.address, got, tc.want)
		}
	}
	loopback, err := parseAddressRules(nil, true)
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]bool{"127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true, "10.0.0.1": false, "0.0.0.0": false, "169.254.169.254": false} {
		if got := loopback.allow("a.example", netip.MustParseAddr(address)); got != want {
			t.Errorf("loopback allowed, %s: %t, want %t", address, got, want)
		}
	}
}

func TestBadAllowEntries(t *testing.T) {
	for _, entry := range []string{"", "10.0.0.0/33", "host:80", "http://host", "*.example.com", "0x7f.1", "::ffff:10.0.0.0/104", "fe80::1%eth0", "a b"} {
		if _, err := New(Config{Allow: []string{entry}}); err == nil {
			t.Errorf("%q was accepted", entry)
		}
	}
}
