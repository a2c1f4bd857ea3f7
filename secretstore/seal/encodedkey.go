package seal

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

// encodedKeyPrefix stands in front of the keys of Standard Webhooks.
const encodedKeyPrefix = "whsec_"

// VerifyEncoded reports whether mac is the HMAC with SHA-256 of message under the
// key whose base64 the secret is, behind `whsec_` or without it, as Standard
// Webhooks have it. key must be a secret as it stands. It tells no more than
// whether mac is right: under a secret that is no base64 none is.
func (r *Run) VerifyEncoded(key, message, mac string) (bool, error) {
	if r.Holds(message) || r.Holds(mac) {
		return false, inspected("verifying a message that a secret is in", "verify what the sender sent")
	}
	at := r.origins(key)
	if len(at) != 1 || len(key) != surrogateChars || at[0].of != "" {
		return false, inspected("decoding a secret", "name the secret that holds the key, as it stands")
	}
	return r.guarded([]guess{{at, key, mac + " " + message}}, func() (bool, error) {
		text, err := r.resolve(key)
		if err != nil {
			return false, err
		}
		k, err := base64.StdEncoding.DecodeString(string(bytes.TrimPrefix(text, []byte(encodedKeyPrefix))))
		h := hmac.New(sha256.New, k)
		h.Write([]byte(message))
		same := hmac.Equal(h.Sum(nil), []byte(mac))
		// An empty key is anybody's.
		return same && err == nil && len(k) > 0, nil
	})
}
