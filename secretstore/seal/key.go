package seal

import (
	"sync"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/signing"
)

// Key is a version of a secret that a run operates with by the name of a key. Its
// surrogate never leaves this package, so that a secret which is for keys alone
// reaches nothing else.
type Key struct {
	id   string
	leaf *leaf
	key  *signing.Key
}

// NewKey makes a Key of a strong secret, the text that it is, and what was read of
// that; id is the version's alone.
func NewKey(id string, secret *Secret, text plaintext.Value, key *signing.Key) *Key {
	return &Key{id: id, key: key, leaf: &leaf{value: text, strong: true, sources: []source{{secret: secret}}}}
}

// hold gives the surrogate of a key.
func (r *Run) hold(k *Key) (string, error) {
	return r.issue(call{fn: "key", a: k.id}, k.leaf.origin())
}

// SignWith gives the signature of message under a key, as [Run.Sign] does.
func (r *Run) SignWith(k *Key, alg Algorithm, message string) (string, error) {
	out, err := r.signatureWith(k, alg, message)
	if err != nil {
		return "", err
	}
	return r.output(out)
}

// VerifyWith reports whether signature is one of message under a key, as
// [Run.Verify] does.
func (r *Run) VerifyWith(k *Key, alg Algorithm, message, signature string) (bool, error) {
	if alg.Kind() == signing.Symmetric {
		out, err := r.signatureWith(k, alg, message)
		if err != nil {
			return false, err
		}
		return r.verify(out, signature)
	}
	if err := k.key.Fits(alg); err != nil {
		return false, keyError(err)
	}
	token, err := r.hold(k)
	if err != nil {
		return false, err
	}
	return r.verifyPublic(alg, k.key, token, message, signature)
}

func (r *Run) signatureWith(k *Key, alg Algorithm, message string) (keyed, error) {
	if err := k.key.Fits(alg); err != nil {
		return keyed{}, keyError(err)
	}
	token, err := r.hold(k)
	if err != nil {
		return keyed{}, err
	}
	out := keyed{fn: "sign-" + string(alg), key: token, message: message, exact: true}
	if alg.Kind() == signing.Symmetric {
		// HMAC fills keys up with NUL: one that ends in it is another's too.
		secret := k.key.Secret()
		out.exact = len(secret) > 0 && secret[len(secret)-1] != 0
	} else if err := r.maySign(k.key, alg, out); err != nil {
		return keyed{}, err
	}
	out.compute = r.signing(k.key, alg, message)
	return out, nil
}

// SealWith gives what encrypt makes of message with a key. What is encrypted by the
// public half of a key tells of no key, and comes out plain if no surrogate is in
// the message; by a symmetric one, as a signature would.
func (r *Run) SealWith(k *Key, fn, message string, encrypt func([]byte) ([]byte, error)) (string, error) {
	out := keyed{fn: fn + " " + k.id, message: message}
	if k.key.Kind() == signing.Symmetric {
		token, err := r.hold(k)
		if err != nil {
			return "", err
		}
		out.key = token
	}
	if !r.Holds(message) && released(r.sourcesOf(out.key)) {
		b, err := encrypt([]byte(message))
		return string(b), err
	}
	memo := call{fn: out.fn, a: out.key, b: message}
	if token, ok := r.recall(memo); ok {
		return token, nil
	}
	if err := r.countSignature(); err != nil {
		return "", err
	}
	return r.issue(memo, &origin{
		sources: union(r.sourcesOf(out.key), r.sourcesOf(message)),
		of:      out.key + " " + message,
		by:      Func(out.fn),
		size:    min(2*r.size(message)+r.size(out.key)+encryptedBytes, MaxResolvedBytes+1),
		encoded: true,
		resolve: sync.OnceValues(func() ([]byte, error) {
			m, err := r.resolve(message)
			if err != nil {
				return nil, err
			}
			return encrypt(m)
		}),
	})
}

// encryptedBytes is more than what a token has besides what it encrypts: header,
// encrypted key, vector and tag.
const encryptedBytes = 4 << 10

// Opened gives what decrypt makes of a token, as the input of a run is: secrets of
// the set in it are sealed.
func (r *Run) Opened(token string, decrypt func(string) ([]byte, bool)) (text string, ok bool, err error) {
	if r.Holds(token) {
		return "", false, inspected("decrypting it", "send it to whom it is for, or compare it")
	}
	b, ok := decrypt(token)
	if !ok {
		return "", false, nil
	}
	text, err = r.SealString(string(b))
	return text, err == nil, err
}
