package egress

import (
	"net/http"

	"github.com/reticent/reticent/secretstore/seal"
)

// digests are the algorithms of Content-Digest that are not deprecated (RFC 9530,
// section 7.2).
var digests = map[string]seal.Func{"sha-256": seal.SHA256, "sha-512": seal.SHA512}

// digest adds the digest of the resolved body. It is derived as a script would have
// it derived, so that the host's answer is sealed against it: who reads a digest of
// a weak secret has the secret.
func (p *preparation) digest(header http.Header, req Request) (http.Header, error) {
	if req.Digest == "" {
		return header, nil
	}
	algorithm, ok := digests[req.Digest]
	if !ok {
		return nil, denied(`a digest is made by "sha-256" or "sha-512"`)
	}
	if len(req.Body) == 0 {
		return header, nil
	}
	hex, err := p.run.Derive(algorithm, string(req.Body))
	if err != nil {
		return nil, err
	}
	raw, err := p.run.Underive(seal.Hex, hex)
	if err != nil {
		return nil, err
	}
	text, err := p.run.Derive(seal.Base64, raw)
	if err != nil {
		return nil, err
	}
	if p.run.Holds(text) {
		p.left(text)
		b, err := p.open(text)
		if err != nil {
			return nil, err
		}
		text = string(b)
	}
	header.Set("Content-Digest", req.Digest+"=:"+text+":")
	return header, nil
}
