package seal

import (
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // HMAC-MD5 still signs webhooks
	"crypto/sha1" //nolint:gosec // likewise HMAC-SHA1
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"slices"
	"strings"
)

// Hash is the hash function of an HMAC (RFC 2104).
type Hash string

// The hash functions.
const (
	HashMD5    Hash = "md5"
	HashSHA1   Hash = "sha1"
	HashSHA256 Hash = "sha256"
	HashSHA512 Hash = "sha512"
)

var hashes = map[Hash]func() hash.Hash{
	HashMD5:    md5.New,
	HashSHA1:   sha1.New,
	HashSHA256: sha256.New,
	HashSHA512: sha512.New,
}

// HMAC gives the hex HMAC of message under key. Where a surrogate stands in
// either, the result is a surrogate too: it compares and travels to the hosts
// of its secrets. It comes out plain only if every secret in the key is strong
// and says release, none is encoded there, and none is in the message: an HMAC
// under a weak key is an offline dictionary, and one of a secret is a digest of
// it.
func (r *Run) HMAC(h Hash, key, message string) (string, error) {
	newHash, ok := hashes[h]
	if !ok {
		return "", Errorf(CodeInspected, "no such hash: %s", h)
	}
	compute := func() ([]byte, error) {
		k, err := r.resolve(key)
		if err != nil {
			return nil, err
		}
		m, err := r.resolve(message)
		if err != nil {
			return nil, err
		}
		mac := hmac.New(newHash, k)
		mac.Write(m)
		return hex.AppendEncode(nil, mac.Sum(nil)), nil
	}
	inKey, inMessage := r.sourcesOf(key), r.sourcesOf(message)
	exact := r.exactKey(key)
	if len(inMessage) == 0 && released(inKey) && exact {
		b, err := compute()
		return string(b), err
	}
	memo := call{fn: "hmac-" + string(h), a: key, b: message}
	if token, ok := r.recall(memo); ok {
		return token, nil
	}
	return r.issue(memo, &origin{
		sources: union(slices.Clone(inKey), inMessage),
		of:      key + " " + message,
		size:    min(r.size(key)+r.size(message), MaxResolvedBytes+1),
		encoded: !exact || r.encoded(message),
		resolve: compute,
	})
}

// exactKey reports whether an HMAC under key is one under no other key, so that
// comparing HMACs tells no more than comparing keys: it has no encoding in it,
// and it does not end in NUL. HMAC fills short keys up with NUL (RFC 2104
// section 2): an HMAC under S and one under S + "\0" are equal if S is shorter
// than a block.
func (r *Run) exactKey(key string) bool {
	if r.encoded(key) || strings.HasSuffix(key, "\x00") {
		return false
	}
	// No derived value ends in NUL; a secret could.
	last, ok := next(key, max(len(key)-surrogateChars, 0))
	if !ok {
		return true
	}
	o := r.origin(key[last:])
	if o == nil || o.of != "" {
		return true
	}
	b, err := o.resolve()
	return err == nil && (len(b) == 0 || b[len(b)-1] != 0)
}

func released(key []source) bool {
	for _, s := range key {
		if s.weak || !s.secret.Release {
			return false
		}
	}
	return true
}
