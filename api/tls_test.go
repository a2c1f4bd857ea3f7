package api_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/reticent/reticent/api"
	"github.com/reticent/reticent/api/apitest"
)

// authority signs certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	a := authority{t: t}
	a.cert, a.key = a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

// sign makes a certificate, which an authority without one signs itself.
func (a authority) sign(c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	c.SerialNumber, _ = rand.Int(rand.Reader, big.NewInt(1<<62))
	if c.NotBefore.IsZero() {
		c.NotBefore = time.Now().Add(-time.Minute)
	}
	if c.NotAfter.IsZero() {
		c.NotAfter = time.Now().Add(time.Hour)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	raw, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	if err != nil {
		a.t.Fatal(err)
	}
	made, err := x509.ParseCertificate(raw)
	if err != nil {
		a.t.Fatal(err)
	}
	return made, key
}

func (a authority) client(c *x509.Certificate) *tls.Certificate {
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	made, key := a.sign(c)
	return &tls.Certificate{Certificate: [][]byte{made.Raw}, PrivateKey: key}
}

// writePEM replaces a file whole, as who renews certificates does.
func writePEM(t *testing.T, name, kind string, raw []byte) {
	t.Helper()
	if err := os.WriteFile(name+".new", pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

// secured serves the API by TLS.
type secured struct {
	t     *testing.T
	url   string
	files api.TLSFiles
	ca    authority
}

func (s *secured) serverCert(name string) *x509.Certificate {
	s.t.Helper()
	cert, key := s.ca.sign(&x509.Certificate{Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		s.t.Fatal(err)
	}
	writePEM(s.t, s.files.Key, "PRIVATE KEY", raw)
	writePEM(s.t, s.files.Cert, "CERTIFICATE", cert.Raw)
	return cert
}

func newSecured(t *testing.T, config api.Config, clients authority) *secured {
	t.Helper()
	dir := t.TempDir()
	s := &secured{t: t, ca: newAuthority(t, "servers"),
		files: api.TLSFiles{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem"), ClientCA: filepath.Join(dir, "ca.pem")}}
	s.serverCert("first")
	writePEM(t, s.files.ClientCA, "CERTIFICATE", clients.cert.Raw)
	c, err := s.files.Config(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := api.NewServer(api.New(config), slog.New(slog.DiscardHandler))
	server.TLSConfig = c
	go func() { _ = server.ServeTLS(listener, "", "") }()
	t.Cleanup(func() { _ = server.Close() })
	s.url = "https://" + listener.Addr().String()
	return s
}

// get asks by a connection of its own. The status is 0 where there is no connection.
func (s *secured) get(token string, cert *tls.Certificate) (status int, server string) {
	s.t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(s.ca.cert)
	c := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	if cert != nil {
		// Whatever authorities the server names: an attacker sends what he has.
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
	}
	transport := &http.Transport{TLSClientConfig: c}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+"/v1/secrets", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := transport.RoundTrip(r)
	if err != nil {
		return 0, ""
	}
	_ = response.Body.Close()
	return response.StatusCode, response.TLS.PeerCertificates[0].Subject.CommonName
}

func spiffe(id string) *x509.Certificate {
	u, _ := url.Parse(id)
	return &x509.Certificate{Subject: pkix.Name{CommonName: "admin", OrganizationalUnit: []string{"ops"}}, URIs: []*url.URL{u}, DNSNames: []string{"host.example.com"}}
}

// TestClientCertificates takes those that the operator's authority signed, for whom
// they name, and no other.
func TestClientCertificates(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	clients, strangers := newAuthority(t, "clients"), newAuthority(t, "clients")
	over := newSecured(t, s.API, clients)
	given(t, s, "/v1", "workload", `{"subject":"user:mtls:spiffe://example.com/workload","role":"auditor"}`)
	given(t, s, "/v1", "ops", `{"subject":"group:mtls:ops","permissions":["read"],"names":"none"}`)
	given(t, s, "/v1", "host", `{"subject":"user:mtls:host.example.com","role":"auditor"}`)

	workload := spiffe("spiffe://example.com/workload")
	expired := spiffe("spiffe://example.com/workload")
	expired.NotBefore, expired.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	forServers, key := clients.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "x"}, URIs: workload.URIs, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	for _, x := range []struct {
		name   string
		token  string
		cert   *tls.Certificate
		status int
	}{
		{"a workload", "", clients.client(workload), 200},
		{"a group, which may list", "", clients.client(spiffe("spiffe://example.com/other")), 200},
		{"a host", "", clients.client(&x509.Certificate{Subject: pkix.Name{CommonName: "x"}, DNSNames: []string{"host.example.com"}}), 200},
		{"one that nobody granted anything", "", clients.client(&x509.Certificate{Subject: pkix.Name{CommonName: "y"}}), 403},
		{"a common name that is a group here", "", clients.client(&x509.Certificate{Subject: pkix.Name{CommonName: "token:admin"}}), 403},
		{"one without a name", "", clients.client(&x509.Certificate{}), 401},
		{"a name that is none", "", clients.client(&x509.Certificate{Subject: pkix.Name{CommonName: "a\nb"}}), 401},
		{"none", "", nil, 401},
		{"a token", s.Token, nil, 200},
		{"a token that is wrong, and a certificate", "x", clients.client(workload), 401},
		{"a token and a certificate", s.Token, clients.client(&x509.Certificate{Subject: pkix.Name{CommonName: "y"}}), 200},
		{"a stranger's", "", strangers.client(spiffe("spiffe://example.com/workload")), 0},
		{"an expired one", "", clients.client(expired), 0},
		{"one for servers", "", &tls.Certificate{Certificate: [][]byte{forServers.Raw}, PrivateKey: key}, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			if status, _ := over.get(x.token, x.cert); status != x.status {
				t.Errorf("status %d, want %d", status, x.status)
			}
		})
	}
}

// TestCertificatesAreReadAgain replaces the files under a running server.
func TestCertificatesAreReadAgain(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	first, second := newAuthority(t, "first"), newAuthority(t, "second")
	over := newSecured(t, s.API, first)
	given(t, s, "/v1", "x", `{"subject":"user:mtls:x","role":"auditor"}`)
	x := func() *x509.Certificate { return &x509.Certificate{Subject: pkix.Name{CommonName: "x"}} }
	becomes := func(what string, is func() bool) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); !is(); {
			if time.Now().After(deadline) {
				t.Fatalf("after %s of waiting: %s", 20*time.Second, what)
			}
		}
	}
	status, server := over.get("", first.client(x()))
	if status != 200 || server != "first" {
		t.Fatalf("%d of %s", status, server)
	}

	// A half-written file changes nothing.
	if err := os.WriteFile(over.files.Key, []byte("-----BEGIN PRIVATE KEY-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if status, server = over.get(s.Token, nil); status != 200 || server != "first" {
			t.Fatalf("with a broken key: %d of %s", status, server)
		}
	}
	over.serverCert("second")
	becomes("the server shows its old certificate", func() bool { _, server := over.get(s.Token, nil); return server == "second" })

	writePEM(t, over.files.ClientCA, "CERTIFICATE", second.cert.Raw)
	becomes("the old authority's certificate is taken", func() bool { status, _ := over.get("", first.client(x())); return status == 0 })
	if status, _ := over.get("", second.client(x())); status != 200 {
		t.Errorf("the new authority's certificate is answered %d", status)
	}
}
