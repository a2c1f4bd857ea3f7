package egress

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/seal"
)

// outbound is a request that passed every check and is ready to be sent. It
// holds plaintext.
type outbound struct {
	// name is what errors and the log call the host: as the sealed request
	// gives it.
	name string
	// url is the sealed URL.
	url string
	// at is where the request goes. It is sealed, but for a secret URL.
	at location
	// whole is set when the URL as a whole is a secret.
	whole bool
	// resolved is set when the request holds a secret.
	resolved bool
	// repeats are forms of the secrets in which the host must not answer; see
	// mayRepeat.
	repeats []string
	request *http.Request
}

// preparation makes an outbound of a sealed request: each part in turn is
// checked against the limits of the secrets in it and then resolved.
type preparation struct {
	outbound
	run           *seal.Run
	sealedHeaders int
}

func (c *Client) prepare(run *seal.Run, req Request) (*outbound, error) {
	p := &preparation{run: run}
	method, err := p.method(req.Method)
	if err != nil {
		return nil, err
	}
	if len(req.Body) > c.maxRequestBytes {
		return nil, denied("the request body has more than MaxRequestBytes (%d) bytes", c.maxRequestBytes)
	}
	wire, err := p.locate(req.URL)
	if err != nil {
		return nil, err
	}
	sealed := canonicalHeader(req.Header)
	header, err := p.header(sealed)
	if err != nil {
		return nil, err
	}
	body, err := p.body(sealed["Content-Type"], req.Body)
	if err != nil {
		return nil, err
	}
	if header, err = p.digest(header, req); err != nil {
		return nil, err
	}
	p.request = &http.Request{
		Method: method, URL: wire.url(), Host: wire.authority(), Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody,
	}
	if len(body) > 0 {
		p.request.ContentLength = int64(len(body))
		p.request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		p.request.Body, _ = p.request.GetBody()
	}
	return &p.outbound, nil
}

// method checks a method and spells the usual ones in capitals (WHATWG Fetch,
// "normalize a method").
func (p *preparation) method(m string) (string, error) {
	if m == "" {
		return http.MethodGet, nil
	}
	if p.run.Holds(m) {
		return "", denied("a secret can't be part of the method")
	}
	if !httpguts.ValidHeaderFieldName(m) { // a method is a token too
		return "", denied("the method holds a character that is not allowed in one")
	}
	switch upper := strings.ToUpper(m); upper {
	case "CONNECT", "TRACE", "TRACK":
		return "", denied("the method %s can't be used", upper)
	case "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT":
		return upper, nil
	}
	return m, nil
}

// surrogates finds what looks like a surrogate; one that is the whole text is
// wholeSurrogate's.
var (
	surrogates     = regexp.MustCompile(`rsv_[a-z2-7]{32}`)
	wholeSurrogate = regexp.MustCompile(`^rsv_[a-z2-7]{32}$`)
)

// locate reads the sealed URL and gives the resolved one.
func (p *preparation) locate(u string) (wire location, err error) {
	if wholeSurrogate.MatchString(u) && p.run.Holds(u) {
		return p.locateSecret(u)
	}
	if p.run.Holds(beforePath(u)) || p.run.Holds(strings.ToLower(beforePath(u))) {
		return location{}, denied("a secret can't be part of the scheme, user, host or port of a URL; only a secret that is a whole URL can be used as one")
	}
	if p.at, err = parseURL(u); err != nil {
		return location{}, err
	}
	p.name, p.url = p.at.authority(), p.at.String()
	wire = p.at
	if wire.path, err = p.inURL(p.at.path, seal.Path); err != nil {
		return location{}, err
	}
	if wire.query, err = p.inURL(p.at.query, seal.Query); err != nil {
		return location{}, err
	}
	wire.path, wire.query = canonicalPath(wire.path), canonicalQuery(wire.query)
	return wire, nil
}

// locateSecret reads a URL that is a secret as a whole, its query included; the
// secret must be allowed in a path of the host that it names. Nothing of it may show,
// its host neither, so there is one error for all that can be wrong.
func (p *preparation) locateSecret(u string) (location, error) {
	names := p.names(u)
	b, err := p.open(u)
	if err != nil {
		return location{}, err
	}
	wire, err := parseURL(string(b))
	if err != nil || p.run.Permit(u, wire.place(seal.Path)) != nil {
		return location{}, denied("secret %s is no https URL of a host in its allowed_hosts, or its allowed_in lacks path", names)
	}
	p.name, p.url, p.at = "the host of secret "+names, u, wire
	p.whole = true
	p.left(u)
	p.mayRepeatURL(wire)
	return wire, nil
}

func (p *preparation) inURL(s string, in seal.Position) (string, error) {
	resolved, err := p.resolve(s, in)
	if err != nil {
		return "", err
	}
	if unsafeInHeader(resolved) {
		return "", denied("secret %s holds control characters, which can't stand in a URL", p.names(s))
	}
	return resolved, nil
}

func (p *preparation) headerValue(s string) (string, error) {
	if unsafeInHeader(s) {
		return "", denied("a header's value holds control characters")
	}
	if p.run.Holds(s) {
		if p.sealedHeaders++; p.sealedHeaders > MaxSealedHeaders {
			return "", denied("more than MaxSealedHeaders (%d) header values hold secrets", MaxSealedHeaders)
		}
	}
	resolved, err := p.resolve(s, seal.Header)
	if err != nil {
		return "", err
	}
	if unsafeInHeader(resolved) {
		return "", denied("secret %s holds control characters, which can't stand in a header", p.names(s))
	}
	return resolved, nil
}

func (p *preparation) body(contentTypes []string, body []byte) ([]byte, error) {
	s := string(body)
	if !p.run.Holds(s) {
		return body, nil
	}
	for _, part := range bodyParts(contentTypes, body) {
		if !p.run.Holds(part.text) {
			continue
		}
		place := p.at.place(seal.Body)
		place.Pointer = part.pointer
		if err := p.run.Permit(part.text, place); err != nil {
			return nil, err
		}
	}
	p.left(s)
	return p.open(s)
}

// resolve gives s with plaintexts in the place of surrogates, when the secrets
// allow the position.
func (p *preparation) resolve(s string, in seal.Position) (string, error) {
	if !p.run.Holds(s) {
		return s, nil
	}
	if err := p.run.Permit(s, p.at.place(in)); err != nil {
		return "", err
	}
	p.left(s)
	b, err := p.open(s)
	return string(b), err
}

// left has the run seal what the host answers against the secrets in s.
func (p *preparation) left(s string) { p.run.Left(p.at.target(), s) }

// open gives s with plaintexts in the place of surrogates.
func (p *preparation) open(s string) ([]byte, error) {
	value, err := p.run.Resolve(s)
	if err != nil {
		return nil, err
	}
	p.resolved = true
	for _, token := range surrogates.FindAllString(s, -1) {
		// A text that only looks like a surrogate resolves to itself.
		if value, err := p.run.Resolve(token); err == nil {
			p.mayRepeat(string(plaintext.Open(value)))
		}
	}
	return plaintext.Open(value), nil
}

// names lists the secrets in s.
func (p *preparation) names(s string) string {
	_, names := p.run.MaskString(s)
	return strings.Join(names, ", ")
}
