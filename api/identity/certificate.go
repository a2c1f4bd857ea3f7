package identity

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/reticent/reticent/secretstore"
)

// Certificate gives the principal of a client certificate that was verified: by the
// first URI in it (such as a SPIFFE ID), else the first e-mail address, the first
// DNS name or the common name. The organizational units are its groups.
func (s *Service) Certificate(state *tls.ConnectionState) (secretstore.Principal, bool) {
	if state == nil || len(state.VerifiedChains) == 0 {
		return secretstore.Principal{}, false
	}
	// A connection may outlive its certificate.
	c := state.PeerCertificates[0]
	if now := s.now(); now.Before(c.NotBefore) || now.After(c.NotAfter) {
		return secretstore.Principal{}, false
	}
	return named(certificates, nameOf(c), c.Subject.OrganizationalUnit)
}

func nameOf(c *x509.Certificate) string {
	switch {
	case len(c.URIs) > 0:
		return c.URIs[0].String()
	case len(c.EmailAddresses) > 0:
		return c.EmailAddresses[0]
	case len(c.DNSNames) > 0:
		return c.DNSNames[0]
	}
	return c.Subject.CommonName
}
