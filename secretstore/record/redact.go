package record

import (
	"regexp"
	"strings"

	"github.com/reticent/reticent/secretstore/seal"
)

// credentialNames are names of headers, and credentialParts what names of fields
// have in them, whose values are somebody's credentials; in small letters and
// without what separates words.
var (
	credentialNames = map[string]bool{"authorization": true, "proxyauthorization": true, "cookie": true, "setcookie": true,
		"auth": true, "pin": true, "otp": true, "totp": true, "jwt": true, "sid": true, "code": true, "assertion": true, "clientassertion": true}
	credentialParts = []string{"password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "apikey", "accesskey", "privatekey",
		"authkey", "signingkey", "credential", "sessionid", "bearer"}
	separators = strings.NewReplacer("-", "", "_", "", ".", "", " ", "")
	// scheme begins the value of an Authorization header, wherever it stands.
	scheme = regexp.MustCompile(`(?i)^\s*(bearer|basic|digest|negotiate|dpop)\s+\S`)
)

// credential reports whether a field or a header of that name holds a credential.
func credential(name string) bool {
	name = separators.Replace(strings.ToLower(name))
	if credentialNames[name] {
		return true
	}
	for _, part := range credentialParts {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// Redact writes seal.Mask in the place of what a recorded input should never
// keep: the values of headers and fields that are named like credentials, in
// lists of {name, value} and of [name, value] too, and what begins like an
// Authorization header. It goes by names, and is no part of sealing: a
// caller's credential under another name stays.
func Redact(v any) any {
	switch v := v.(type) {
	case string:
		if scheme.MatchString(v) {
			return seal.Mask
		}
	case []any:
		out := make([]any, len(v))
		name, isPair := "", false
		if len(v) == 2 {
			name, isPair = v[0].(string)
		}
		for i, e := range v {
			if i == 1 && isPair && credential(name) {
				out[i] = seal.Mask
				continue
			}
			out[i] = Redact(e)
		}
		return out
	case map[string]any:
		return redactObject(v)
	}
	return v
}

func redactObject(v map[string]any) any {
	named := false
	for k, e := range v {
		switch separators.Replace(strings.ToLower(k)) {
		case "name", "key", "header", "field", "n", "k":
			name, isString := e.(string)
			named = named || isString && credential(name)
		}
	}
	out := make(map[string]any, len(v))
	for k, e := range v {
		value := false
		switch strings.ToLower(k) {
		case "value", "values", "v":
			value = named
		}
		if value || credential(k) {
			out[k] = seal.Mask
		} else {
			out[k] = Redact(e)
		}
	}
	return out
}
