// Package sigv4test checks the signatures of requests to AWS, for the servers that tests
// start in its place: by the rules of Signature Version 4, written down a second time.
package sigv4test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// Signer is who may sign for a service.
type Signer struct{ AccessKey, SecretKey, Region, Service string }

var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$`)

// Check makes sure that a request is signed by the signer.
func (s Signer) Check(r *http.Request, body []byte) error {
	m := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil || m[1] != s.AccessKey || m[3] != s.Region || m[4] != s.Service {
		return fmt.Errorf("authorization %q", r.Header.Get("Authorization"))
	}
	var headers strings.Builder
	for _, name := range strings.Split(m[5], ";") {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = fmt.Sprint(r.ContentLength)
		}
		fmt.Fprintf(&headers, "%s:%s\n", name, strings.TrimSpace(value))
	}
	for _, must := range []string{"host", "x-amz-date", "x-amz-target"} {
		if !strings.Contains(";"+m[5]+";", ";"+must+";") {
			return fmt.Errorf("%s is not signed", must)
		}
	}
	digest := sha256.Sum256(body)
	canonical := strings.Join([]string{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, headers.String(), m[5], hex.EncodeToString(digest[:])}, "\n")
	digest = sha256.Sum256([]byte(canonical))
	scope := strings.Join([]string{m[2], m[3], m[4], "aws4_request"}, "/")
	text := strings.Join([]string{"AWS4-HMAC-SHA256", r.Header.Get("X-Amz-Date"), scope, hex.EncodeToString(digest[:])}, "\n")
	key := []byte("AWS4" + s.SecretKey)
	for _, part := range []string{m[2], m[3], m[4], "aws4_request", text} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	if hex.EncodeToString(key) != m[6] {
		return errors.New("the signature is wrong")
	}
	return nil
}
