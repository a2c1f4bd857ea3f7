package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/reticent/reticent/policy/jwks"
	"github.com/reticent/reticent/secretstore"
)

// Issuer says whose tokens are taken, and what they say.
type Issuer struct {
	// Issuer is what tokens have as iss, to the letter.
	Issuer string `json:"issuer"`
	// Audiences are those that a token may be for; it needs one of them.
	Audiences []string `json:"audiences"`
	// JWKSURL is where the issuer's public keys are (https, or http on this machine),
	// JWKS the keys themselves. One of them is needed.
	JWKSURL string          `json:"jwks_url,omitempty"`
	JWKS    json.RawMessage `json:"jwks,omitempty"`
	// Algorithms are those that a signature may have; none means DefaultAlgorithms.
	Algorithms []string `json:"algorithms,omitempty"`
	// Types are what tokens may have as typ, such as "at+jwt"; none means any.
	Types []string `json:"types,omitempty"`
	// SubjectClaim and GroupsClaim are where the subject and the groups are: the name
	// of a claim, or a JSON pointer (RFC 6901) to one within; "" means "sub" and
	// "groups".
	SubjectClaim string `json:"subject_claim,omitempty"`
	GroupsClaim  string `json:"groups_claim,omitempty"`
	// LeewaySeconds is how far the issuer's clock may be off; absent means
	// DefaultLeeway.
	LeewaySeconds *int   `json:"leeway_seconds,omitempty"`
	Description   string `json:"description,omitempty"`
}

// DefaultAlgorithms are taken where an issuer does not say which: those of
// jwks.Algorithms that nothing is wrong with. There is no symmetric one, and none.
var DefaultAlgorithms = []string{"RS256", "PS256", "ES256", "EdDSA"}

const (
	// DefaultLeeway is how far an issuer's clock may be off.
	DefaultLeeway = 30 * time.Second
	// MaxGroups is how many groups a token or a certificate may name.
	MaxGroups = 500
	// MaxIssuerBytes bounds iss and each audience.
	MaxIssuerBytes = 1 << 10
	maxAudiences   = 100
)

// certificates is the name that an issuer cannot have: that of client certificates.
const certificates = "mtls"

// Issuers keeps the issuers of a store, which are the platform's.
func Issuers(s *secretstore.Store) secretstore.Shelf[Issuer] {
	return secretstore.Shelf[Issuer]{Store: s, Kind: secretstore.KindIssuer, Check: func(_ context.Context, scope secretstore.Scope, name string, i *Issuer) (secretstore.References, error) {
		message := ""
		switch err := i.check(); {
		case scope != (secretstore.Scope{}):
			message = "issuers are kept on the platform"
		case name == certificates:
			message = "the name " + certificates + " stands for client certificates"
		case err != nil:
			message = err.Error()
		}
		if message != "" {
			return secretstore.References{}, &secretstore.Failure{Class: secretstore.ErrInvalid, Message: message}
		}
		return secretstore.References{}, nil
	}}
}

func (i *Issuer) check() error {
	if i.Issuer == "" || len(i.Issuer) > MaxIssuerBytes {
		return fmt.Errorf("/issuer: what tokens have as iss, in at most %d bytes (MaxIssuerBytes)", MaxIssuerBytes)
	}
	if len(i.Audiences) == 0 || len(i.Audiences) > maxAudiences || slices.ContainsFunc(i.Audiences, func(a string) bool { return a == "" || len(a) > MaxIssuerBytes }) {
		return fmt.Errorf("/audiences: 1 to %d audiences are needed: without one any token of the issuer would do, whatever service it is for", maxAudiences)
	}
	if (i.JWKSURL == "") == (len(i.JWKS) == 0) {
		return fmt.Errorf("/jwks_url: give jwks_url or jwks")
	}
	if i.JWKSURL != "" {
		if err := checkURL(i.JWKSURL); err != nil {
			return err
		}
	} else if _, err := jwks.Parse(i.JWKS); err != nil {
		return fmt.Errorf("/jwks: %w", err)
	}
	for n, a := range i.Algorithms {
		if !slices.Contains(jwks.Algorithms, a) {
			return fmt.Errorf("/algorithms/%d: an algorithm is one of %s", n, strings.Join(jwks.Algorithms, ", "))
		}
	}
	if i.LeewaySeconds != nil && (*i.LeewaySeconds < 0 || *i.LeewaySeconds > int(jwks.MaxLeeway.Seconds())) {
		return fmt.Errorf("/leeway_seconds: 0 to %d (MaxLeeway)", int(jwks.MaxLeeway.Seconds()))
	}
	return nil
}

// checkURL keeps keys from coming by a connection that somebody could change.
func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return fmt.Errorf("/jwks_url: a URL is needed, without a user")
	}
	ip, err := netip.ParseAddr(u.Hostname())
	loopback := u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return fmt.Errorf("/jwks_url: https is needed: whoever could change the keys on their way could be anybody")
	}
	return nil
}

func (i *Issuer) leeway() time.Duration {
	if i.LeewaySeconds == nil {
		return DefaultLeeway
	}
	return time.Duration(*i.LeewaySeconds) * time.Second
}

func (i *Issuer) algorithms() []string {
	if len(i.Algorithms) == 0 {
		return DefaultAlgorithms
	}
	return i.Algorithms
}
