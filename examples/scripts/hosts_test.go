package scripts_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// hosts stand for the vendors' servers: one TLS server on loopback that every name
// leads to, with a certificate for each. Names that no host was added for are
// answered 404.
type hosts struct {
	port    string
	roots   *x509.CertPool
	resolve *net.Resolver

	ca  *x509.Certificate
	key *ecdsa.PrivateKey

	mu sync.Mutex
	by map[string]http.Handler
}

func startHosts(t *testing.T) *hosts {
	t.Helper()
	h := &hosts{roots: x509.NewCertPool(), resolve: loopbackResolver(t), by: map[string]http.Handler{}}
	var err error
	if h.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of the examples"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, h.key.Public(), h.key)
	if err != nil {
		t.Fatal(err)
	}
	if h.ca, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	h.roots.AddCert(h.ca)
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: h.certificate}
	s.StartTLS()
	t.Cleanup(s.Close)
	_, h.port, _ = net.SplitHostPort(s.Listener.Addr().String())
	return h
}

func (h *hosts) add(name string, handler http.Handler) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.by[name] = handler
}

// ServeHTTP is http.Handler's.
func (h *hosts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, _, _ := strings.Cut(r.Host, ":")
	h.mu.Lock()
	handler := h.by[name]
	h.mu.Unlock()
	if handler == nil {
		http.Error(w, "no such host: "+name, http.StatusNotFound)
		return
	}
	handler.ServeHTTP(w, r)
}

func (h *hosts) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{hello.ServerName},
		NotBefore: h.ca.NotBefore, NotAfter: h.ca.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, h.ca, h.key.Public(), h.key)
	if err != nil {
		return nil, fmt.Errorf("certificate for %s: %w", hello.ServerName, err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: h.key}, nil
}

// loopbackResolver says of every name that it is 127.0.0.1.
func loopbackResolver(t *testing.T) *net.Resolver {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		question := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(question)
			if err != nil {
				return
			}
			if packed, err := loopbackAnswer(question[:n]); err == nil {
				_, _ = pc.WriteTo(packed, from) // a lost answer is asked for again
			}
		}
	}()
	t.Cleanup(func() { _ = pc.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", pc.LocalAddr().String())
	}}
}

func loopbackAnswer(question []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		return nil, err
	}
	m.Response, m.Authoritative, m.Additionals = true, true, nil
	for _, q := range m.Questions {
		if q.Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
				Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
			})
		}
	}
	return m.Pack()
}
