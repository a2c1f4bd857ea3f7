package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"

	"github.com/reticent/reticent/api"
	"github.com/reticent/reticent/api/client"
)

// tlsFiles are the files that serve speaks TLS with, if it does.
type tlsFiles struct{ api.TLSFiles }

// client gives what the server asks itself with, for --apply: it trusts its own
// certificate and no other, whoever signed it and whatever names it has.
func (f tlsFiles) client() (*http.Client, error) {
	if f.Cert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, err
	}
	own, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil, err
	}
	return &http.Client{Timeout: client.DefaultTimeout, Transport: &http.Transport{TLSClientConfig: &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection compares the certificate itself
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 || !state.PeerCertificates[0].Equal(own) {
				return errors.New("this is not the server's own certificate")
			}
			return nil
		},
	}}}, nil
}
