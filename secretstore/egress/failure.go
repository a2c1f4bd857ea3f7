package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/reticent/reticent/secretstore/seal"
)

// denied refuses a request. No argument may come from a secret or quote the
// request.
func denied(format string, args ...any) error {
	return seal.Errorf(seal.CodeEgressDenied, format, args...)
}

// failed is the error of a request that was sent, or was about to be.
func (o *outbound) failed(why string) error {
	return seal.Errorf(seal.CodeEgressFailed, "the request to %s failed: %s", o.name, why)
}

// The reasons why a round trip fails, as far as its caller is told.
const (
	whyTimeout   = "it took longer than the timeout"
	whyCancelled = "it was cancelled"
	whyName      = "the host name could not be resolved"
	whyRefused   = "the connection was refused"
	whyTLS       = "no trusted TLS connection could be made"
	whyEncoding  = "the response has an encoding other than gzip, or a damaged one"
	whyRepeated  = "the response repeats a part or another form of a secret that was sent; encode a secret that stands in a query or a form"
	whyBroken    = "the connection or the protocol broke"
)

// failure turns an error of net/http, whose text can quote the request or the
// response, into one of the constant ones.
func (o *outbound) failure(err error) error {
	if errors.Is(err, errAddress) {
		return denied("%s has a private, loopback, link-local or otherwise reserved address; the operator can allow it with --egress-allow", o.name)
	}
	return o.failed(why(err))
}

func why(err error) string {
	var (
		dns         *net.DNSError
		op          *net.OpError
		timeout     net.Error
		record      tls.RecordHeaderError
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		hostname    x509.HostnameError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return whyCancelled
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return whyTimeout
	case errors.As(err, &dns):
		return whyName
	case errors.Is(err, syscall.ECONNREFUSED):
		return whyRefused
	case errors.As(err, &record), errors.As(err, &certificate), errors.As(err, &authority), errors.As(err, &hostname),
		errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error"): // alerts of crypto/tls
		return whyTLS
	}
	return whyBroken
}

func whyTooLarge(limit int) string {
	return fmt.Sprintf("the response has more than MaxResponseBytes (%d) bytes", limit)
}

func whyStalled(limit time.Duration) string {
	return fmt.Sprintf("the host paused in the response for longer than IdleTime (%v)", limit)
}
