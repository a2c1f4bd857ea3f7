package seal

import (
	"slices"
	"strings"
	"sync"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/signing"
)

// Algorithm is the name of a signature algorithm of JSON Web Signature: HS256,
// RS256, PS256, ES256 and so on (RFC 7518), EdDSA (RFC 8037). There is no "none".
type Algorithm = signing.Algorithm

// KeyKind is what type of key a key is.
type KeyKind = signing.Kind

// Sign gives the signature of message under key, as bytes in the form of RFC 7518
// (of ECDSA r and s, one after the other); [Run.Derive] encodes them. A key is
// PEM, a JSON Web Key or the bytes of a symmetric key. Sealed it is a secret as it
// stands, or for HMACs any sealed text. What comes out is sealed as [Run.MAC]'s is.
func (r *Run) Sign(alg Algorithm, key, message string) (string, error) {
	k, err := r.signature(alg, key, message)
	if err != nil {
		return "", err
	}
	return r.output(k)
}

// Verify reports whether signature, in the form of [Run.Sign], is one of message
// under key. Any of them may be sealed. Under a symmetric key it compares as
// [Run.Equal] does, misses counted; a public key verifies nothing that a weak
// secret went into, since one signature can be made to hold for two messages.
func (r *Run) Verify(alg Algorithm, key, message, signature string) (bool, error) {
	if alg.Kind() == signing.Symmetric {
		k, err := r.signature(alg, key, message)
		if err != nil {
			return false, err
		}
		return r.verify(k, signature)
	}
	k, err := r.fit(alg, key)
	if err != nil {
		return false, err
	}
	return r.verifyPublic(alg, k, key, message, signature)
}

// verifyPublic is Verify with a key that is not symmetric; key is its text, or the
// surrogate of that.
func (r *Run) verifyPublic(alg Algorithm, k *signing.Key, key, message, signature string) (bool, error) {
	inKey, inMessage, inSignature := r.origins(key), r.origins(message), r.origins(signature)
	if encodingOfOther(inMessage, inSignature) || encodingOfOther(inKey, inSignature) || encodingOfOther(inKey, inMessage) {
		return false, inspected("verifying a signature of an encoding of a secret", "sign and verify the same form")
	}
	if r.weak(message) || r.weak(signature) {
		return false, inspected("verifying with a public key what a weak secret is in", "compare with === instead")
	}
	m, err := r.resolve(message)
	if err != nil {
		return false, err
	}
	s, err := r.resolve(signature)
	if err != nil {
		return false, err
	}
	ok, err := k.Verify(alg, m, s)
	return ok, keyError(err)
}

// KeyKind tells what type of key a key is, which [Run.Sign] would tell by what it
// refuses. A sealed text that is not one secret as it stands is a symmetric key,
// whatever it holds.
func (r *Run) KeyKind(key string) (KeyKind, error) {
	k, err := r.key(key)
	if err != nil {
		return "", err
	}
	if k == nil {
		return signing.Symmetric, nil
	}
	return k.Kind(), nil
}

// signature says what a signature is computed of.
func (r *Run) signature(alg Algorithm, key, message string) (keyed, error) {
	k, err := r.fit(alg, key)
	if err != nil {
		return keyed{}, err
	}
	if k == nil {
		mac, err := r.macOf(macHash[alg], key, message)
		mac.fn = "sign-" + string(alg)
		return mac, err
	}
	out := keyed{fn: "sign-" + string(alg), key: key, message: message, exact: true}
	if alg.Kind() == signing.Symmetric {
		out.exact = r.exactKey(key)
	} else if err := r.maySign(k, alg, out); err != nil {
		return keyed{}, err
	}
	out.compute = r.signing(k, alg, message)
	return out, nil
}

// maySign counts a signature with a private key that was not made before.
func (r *Run) maySign(k *signing.Key, alg Algorithm, out keyed) error {
	if !k.Private() {
		return keyErrorf("%s: a public key does not sign; give the private one", alg)
	}
	if _, done := r.recall(call{fn: out.fn, a: out.key, b: out.message}); done {
		return nil
	}
	return r.countSignature()
}

// signing computes a signature once: one that draws random numbers is to stay the
// same, and one takes a thousand times as long as an HMAC.
func (r *Run) signing(k *signing.Key, alg Algorithm, message string) func() ([]byte, error) {
	return sync.OnceValues(func() ([]byte, error) {
		m, err := r.resolve(message)
		if err != nil {
			return nil, err
		}
		s, err := k.Sign(alg, m)
		return s, keyError(err)
	})
}

var macHash = map[Algorithm]Hash{signing.HS256: HashSHA256, signing.HS384: HashSHA384, signing.HS512: HashSHA512}

func (r *Run) countSignature() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.signatures++; r.signatures > MaxSignatures {
		return Errorf(CodeInspected, "the run has made more than %d signatures (MaxSignatures); sign once, and keep what it gave", MaxSignatures)
	}
	return nil
}

// fit gives the key for an algorithm, nil for a sealed text that is the secret of
// an HMAC as it stands.
func (r *Run) fit(alg Algorithm, key string) (*signing.Key, error) {
	if !alg.Known() {
		return nil, keyErrorf("no such algorithm; use HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA")
	}
	k, err := r.key(key)
	if err != nil {
		return nil, err
	}
	if k == nil {
		if alg.Kind() != signing.Symmetric {
			return nil, keyErrorf("%s takes a key that is one secret as it stands, which no script has computed", alg)
		}
		return nil, nil
	}
	return k, keyError(k.Fits(alg))
}

// key reads a key. Sealed, it is one secret as it stands: whether a composed text
// is a key, "{\"kty\":\"oct\",\"k\":\"" + S + "\"}", would tell what is in S. For the
// same reason it is none that a script made of others. For both it gives nil: they
// are the bytes of symmetric keys, whatever is in them.
func (r *Run) key(text string) (*signing.Key, error) {
	if !r.Holds(text) {
		k, err := signing.Parse([]byte(text))
		return k, keyError(err)
	}
	if l := r.leafOf(text); l != nil && !l.computed() {
		k, err := l.key()
		return k, keyError(err)
	}
	if literal := text[:r.literalPrefix(text)]; signing.Armoured([]byte(literal)) || strings.HasPrefix(strings.TrimSpace(literal), "{") {
		return nil, inspected("reading a key out of a text with a secret in it", "store the key as a secret, and give that as it stands")
	}
	return nil, nil
}

// leafOf gives the secret of the set that s is the whole surrogate of.
func (r *Run) leafOf(s string) *leaf {
	if len(s) != surrogateChars {
		return nil
	}
	if i := slices.Index(r.tokens, s); i >= 0 {
		return r.set.leaves[i]
	}
	return nil
}

// computed reports whether a script made the value, of other secrets.
func (l *leaf) computed() bool {
	return slices.ContainsFunc(l.sources, func(s source) bool {
		return s.secret.Encoded || len(s.secret.From) > 0 || s.secret.Bound > 0
	})
}

// readKey reads the key that a secret is. What it says of one that cannot be read
// is the same for all.
func readKey(v plaintext.Value) func() (*signing.Key, error) {
	return sync.OnceValues(func() (*signing.Key, error) {
		b := plaintext.Open(v)
		k, err := signing.Parse(b)
		if err != nil {
			return nil, keyErrorf("the secret is no key that can be used; PEM (PKCS #8, PKCS #1, SEC 1, PKIX, certificates) and JSON Web Keys are, of RSA (%d bits or more), P-256, P-384, P-521 and Ed25519, and texts", signing.MinRSABits)
		}
		// A short key in a long text would count as strong.
		if k.Kind() == signing.Symmetric && len(k.Secret()) != len(b) && len(k.Secret()) < MinStrongLength {
			return nil, keyErrorf("the symmetric key in the secret is shorter than %d bytes (MinStrongLength)", MinStrongLength)
		}
		return k, nil
	})
}

func keyErrorf(format string, args ...any) error { return Errorf(CodeKey, format, args...) }

// keyError passes on what package signing says, which tells of a key no more than
// its type.
func keyError(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*Error); ok {
		return e
	}
	return keyErrorf("%s", err)
}
