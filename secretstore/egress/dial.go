package egress

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
)

// errAddress is why an address was not dialled.
var errAddress = errors.New("egress: the address is out of reach")

// dialer opens connections and checks each address right before it is dialled,
// after the look-up: a name that resolves to something else the second time
// gains nothing.
type dialer struct {
	addresses addressRules
	resolver  *net.Resolver
}

func (d dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	nd := net.Dialer{
		Resolver: d.resolver,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil || !d.addresses.allow(host, at.Addr()) {
				return errAddress
			}
			return nil
		},
	}
	return nd.DialContext(ctx, network, address)
}
