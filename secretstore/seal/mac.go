package seal

import (
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // HMAC-MD5 still signs webhooks
	"crypto/sha1" //nolint:gosec // likewise HMAC-SHA1
	"crypto/sha256"
	"crypto/sha512"
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
	HashSHA384 Hash = "sha384"
	HashSHA512 Hash = "sha512"
)

var hashes = map[Hash]func() hash.Hash{
	HashMD5:    md5.New,
	HashSHA1:   sha1.New,
	HashSHA256: sha256.New,
	HashSHA384: sha512.New384,
	HashSHA512: sha512.New,
}

// MAC gives the bytes of the HMAC of message under key; [Run.Derive] encodes
// them. Where a surrogate stands in either, the result is a surrogate too: it
// compares and travels to the hosts of its secrets. It comes out plain only if
// every secret in the key is strong and says release, the key shows nothing else
// of them (see exactKey), and none is in the message: an HMAC under a weak key is
// an offline dictionary, and one of a secret is a digest of it.
func (r *Run) MAC(h Hash, key, message string) (string, error) {
	k, err := r.macOf(h, key, message)
	if err != nil {
		return "", err
	}
	return r.output(k)
}

// VerifyMAC reports whether mac is what [Run.MAC] computes, in constant time also
// where that comes out plain. Misses count as in [Run.Equal].
func (r *Run) VerifyMAC(h Hash, key, message, mac string) (bool, error) {
	k, err := r.macOf(h, key, message)
	if err != nil {
		return false, err
	}
	return r.verify(k, mac)
}

// verify compares with what is computed, sealed even if it could come out plain:
// what is plain is not compared in constant time.
func (r *Run) verify(k keyed, mac string) (bool, error) {
	own, err := r.sealed(k)
	if err != nil {
		return false, err
	}
	return r.Equal(own, mac)
}

func (r *Run) macOf(h Hash, key, message string) (keyed, error) {
	newHash, ok := hashes[h]
	if !ok {
		return keyed{}, Errorf(CodeKey, "no such hash; use md5, sha1, sha256, sha384 or sha512")
	}
	return keyed{fn: "hmac-" + string(h), key: key, message: message, exact: r.exactKey(key), compute: func() ([]byte, error) {
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
		return mac.Sum(nil), nil
	}}, nil
}

// keyed is something that is computed with a key of a message.
type keyed struct {
	fn           string
	key, message string
	// exact is set when it differs for keys that differ, so that comparing two tells
	// no more than comparing their keys.
	exact   bool
	compute func() ([]byte, error)
}

// output is the fourth rule: what is computed with a key comes out plain if the
// key's secrets are strong and say release and no surrogate is in the message.
func (r *Run) output(k keyed) (string, error) {
	if k.exact && !r.Holds(k.message) && released(r.sourcesOf(k.key)) {
		b, err := k.compute()
		return string(b), err
	}
	return r.sealed(k)
}

// sealed gives the surrogate of what is computed.
func (r *Run) sealed(k keyed) (string, error) {
	memo := call{fn: k.fn, a: k.key, b: k.message}
	if token, ok := r.recall(memo); ok {
		return token, nil
	}
	return r.issue(memo, &origin{
		sources: union(slices.Clone(r.sourcesOf(k.key)), r.sourcesOf(k.message)),
		of:      k.key + " " + k.message,
		by:      Func(k.fn),
		size:    min(r.size(k.key)+r.size(k.message), MaxResolvedBytes+1),
		encoded: !k.exact || r.encoded(k.message),
		fixed:   true,
		binary:  true,
		resolve: k.compute,
	})
}

// exactKey reports whether an HMAC under key is one under no other key that a
// script could make, so that comparing HMACs tells no more than comparing keys.
// It has no encoding in it, and it does not end in NUL: HMAC fills short keys up
// with NUL (RFC 2104 section 2), so that an HMAC under S and one under S + "\0"
// are equal if S is shorter than a block. And it has no digest's bytes in it: HMAC
// takes the digest of a key that is longer than a block, so that one under S and
// one under the digest of S are equal if S is that long.
func (r *Run) exactKey(key string) bool {
	if strings.HasSuffix(key, "\x00") {
		return false
	}
	if slices.ContainsFunc(r.origins(key), func(o *origin) bool { return o.encoded || o.digest }) {
		return false
	}
	// What is derived ends in NUL by chance only; a secret could by design.
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
