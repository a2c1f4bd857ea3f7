package egress

import (
	"maps"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// userAgent is sent where a request names none.
const userAgent = "reticent"

// ownHeaders are set by the client whatever a request says, as browsers do.
var ownHeaders = map[string]bool{
	"Accept-Encoding": true, // what can be decoded and so be sealed
	"Connection":      true,
	"Content-Length":  true, // the resolved body has another length
	"Keep-Alive":      true,
}

// refusedHeaders would let a request steer its own framing, or have the host
// answer with a part or a digest of what it was sent, in which sealing could
// not recognise a secret. A digest of the sealed body would be wrong as well.
var refusedHeaders = map[string]bool{
	"Content-Digest":      true,
	"Content-Md5":         true,
	"Digest":              true,
	"Expect":              true,
	"If-Range":            true,
	"Range":               true,
	"Repr-Digest":         true,
	"Te":                  true,
	"Trailer":             true,
	"Transfer-Encoding":   true,
	"Upgrade":             true,
	"Want-Content-Digest": true,
	"Want-Digest":         true,
	"Want-Repr-Digest":    true,
}

// canonicalHeader gives h with canonical names, values of one name together.
func canonicalHeader(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		out[canonical] = append(out[canonical], h[name]...)
	}
	return out
}

// header checks a canonical header and gives the resolved one.
func (p *preparation) header(h http.Header) (http.Header, error) {
	out := make(http.Header, len(h)+2)
	count, size := 0, 0
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if err := p.checkName(name); err != nil {
			return nil, err
		}
		for _, value := range h[name] {
			count, size = count+1, size+len(name)+len(value)
			if count > MaxHeaders || size > MaxHeaderBytes {
				return nil, denied("the header has more than MaxHeaders (%d) values or MaxHeaderBytes (%d) bytes", MaxHeaders, MaxHeaderBytes)
			}
			if name == "Host" && !p.isHost(value) {
				return nil, denied("a Host header can only repeat the host of the URL")
			}
			if name == "Host" || ownHeaders[name] {
				continue
			}
			resolved, err := p.headerValue(value)
			if err != nil {
				return nil, err
			}
			out[name] = append(out[name], resolved)
		}
	}
	out.Set("Accept-Encoding", "gzip")
	if out.Get("Accept") == "" {
		out.Set("Accept", "*/*")
	}
	if out.Get("User-Agent") == "" {
		out.Set("User-Agent", userAgent)
	}
	return out, nil
}

func (p *preparation) checkName(name string) error {
	// Canonical names have capitals, which would hide a surrogate.
	if p.run.Holds(strings.ToLower(name)) {
		return denied("a secret can't be part of a header's name")
	}
	if !httpguts.ValidHeaderFieldName(name) {
		return denied("a header's name holds a character that is not allowed in one")
	}
	if refusedHeaders[name] || strings.HasPrefix(name, "Proxy-") {
		return denied("the header %s can't be sent; leave it out", name)
	}
	return nil
}

// isHost reports whether a Host header repeats the URL. That of a secret URL
// can't be repeated: it would be a guess.
func (p *preparation) isHost(value string) bool {
	if p.whole {
		return false
	}
	value = strings.ToLower(value)
	return value == p.at.authority() || value == p.at.host+":"+strconv.Itoa(p.at.port)
}

// unsafeInHeader reports whether s could end a header or a request line early.
func unsafeInHeader(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}
