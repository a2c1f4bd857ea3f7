package egress

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/reticent/reticent/secretstore/seal"
)

// Every spelling of an address that is not public, and every name that resolves
// to one, is refused before a connection is made. The reserved networks are in
// TestPublicAddresses.
func TestPrivateAddressesAreNotDialled(t *testing.T) {
	var hits atomic.Int64
	_, host := plainServer(t, func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	_, port, err := net.SplitHostPort(host)
	if err != nil {
		t.Fatal(err)
	}
	resolver, _ := dnsServer(t, "127.0.0.1")
	c := newClient(t, Config{Resolver: resolver, Timeout: 5 * time.Second})
	for _, name := range []string{
		"127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "169.254.169.254", "192.168.0.1", "100.100.100.200",
		"[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:0001]",
		"[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fd00:ec2::254]", "[fc00::1]",
		"localhost", "LOCALHOST", "localhost.", "ⓛocalhost", "rebind.example", "127.0.0.1.nip.example", "a.localhost",
		// Refused already because resolvers read them in different ways.
		"127.1", "0177.0.0.1", "0x7f.1", "2130706433", "0x7f000001", "017700000001", "127.0.0.1.", "①②⑦.0.0.1", "0",
	} {
		err := refusal(t, c, noSecrets(t), Request{URL: "http://" + name + ":" + port + "/"})
		if err.Code != seal.CodeEgressDenied {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d requests reached the server", n)
	}
}

func TestNoProxyFromTheEnvironment(t *testing.T) {
	var proxied atomic.Int64
	proxy, _ := plainServer(t, func(http.ResponseWriter, *http.Request) { proxied.Add(1) })
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("ALL_PROXY", proxy.URL)
	resolver, _ := dnsServer(t)
	c := newClient(t, Config{AllowLoopback: true, Resolver: resolver})
	refusal(t, c, noSecrets(t), Request{URL: "http://nowhere.example/"})
	if proxied.Load() != 0 {
		t.Error("a request went to the proxy of the environment")
	}
}

// The address of each connection is checked, not the first that a name had.
// 127.0.0.2 stands for a public address here and 127.0.0.1 for a private one.
func TestRebindingNames(t *testing.T) {
	var good, victim atomic.Int64
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	serve(t, l, &good)
	private, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, private, &victim)

	resolver, lookups := dnsServer(t, "127.0.0.2", "127.0.0.1")
	c := newClient(t, Config{Allow: []string{"127.0.0.2"}, Resolver: resolver})
	for i := range 6 {
		resp, err := c.Do(t.Context(), noSecrets(t), Request{URL: "http://rebind.example:" + port + "/"})
		if i%2 == 0 && (err != nil || resp.Status != 200) {
			t.Fatalf("request %d to the public address: %v", i, err)
		}
		if i%2 == 1 && (err == nil || !strings.HasPrefix(err.Error(), "egress_denied: ")) {
			t.Fatalf("request %d to the private address: %v", i, err)
		}
	}
	if good.Load() != 3 || victim.Load() != 0 || lookups.Load() != 6 {
		t.Errorf("public reached %d times, private %d, looked up %d", good.Load(), victim.Load(), lookups.Load())
	}
}

func serve(t *testing.T, l net.Listener, hits *atomic.Int64) {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
}

func TestAllowedHostMayBePrivate(t *testing.T) {
	var hits atomic.Int64
	_, host := plainServer(t, func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	_, port, _ := net.SplitHostPort(host)
	resolver, _ := dnsServer(t, "127.0.0.1")
	c := newClient(t, Config{Allow: []string{"intern.example"}, Resolver: resolver})
	send(t, c, noSecrets(t), Request{URL: "http://INTERN.example:" + port})
	refusal(t, c, noSecrets(t), Request{URL: "http://other.example:" + port})
	refusal(t, c, noSecrets(t), Request{URL: "http://127.0.0.1:" + port})
	if hits.Load() != 1 {
		t.Errorf("%d requests reached the server, want 1", hits.Load())
	}
}
