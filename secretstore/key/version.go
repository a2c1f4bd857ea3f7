package key

import (
	"crypto"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/signing"
)

// version is an enabled version of a secret that was read as a key, or why it is
// none.
type version struct {
	number     int
	kid        string
	createdAt  time.Time
	key        *signing.Key
	sealed     *seal.Key // key, as a run of a script has it
	algorithms []string  // those that go with it, the one that makes tokens first
	problem    string
}

// Version is what is told of an enabled version of a key's secret.
type Version struct {
	Version int `json:"version"`
	// KeyID is the `kid`: of an asymmetric key the thumbprint (RFC 7638) of its public
	// half, of a symmetric one random.
	KeyID string `json:"kid,omitempty"`
	// Algorithms are those that the version takes part in, the one that makes tokens
	// first.
	Algorithms []string `json:"algorithms"`
	// Active is set for the version that makes tokens.
	Active bool `json:"active"`
	// Problem says why the version is no key; it is "" for one.
	Problem   string    `json:"problem,omitempty"`
	CreatedAt time.Time `json:"created_at"`
}

func (v *version) metadata(active bool) Version {
	return Version{
		Version: v.number, KeyID: v.kid, Algorithms: append([]string{}, v.algorithms...),
		Active: active && v.problem == "", Problem: v.problem, CreatedAt: v.createdAt,
	}
}

// unusable is the error of using a version that is no key.
func (v *version) unusable() error {
	return seal.Errorf(seal.CodeKey, "version %d of the secret: %s", v.number, v.problem)
}

// read reads a version of a secret as a key of d.
func (d *Document) read(stored secretstore.KeyVersion) *version {
	v := &version{number: stored.Version, createdAt: stored.CreatedAt}
	key, err := parse(stored)
	if err != nil {
		v.problem = err.Error()
		return v
	}
	v.algorithms = d.algorithmsOf(key)
	switch {
	case d.Use == Encryption && key.Kind() == signing.Symmetric && stored.Encoding != secretstore.Base64AES:
		v.problem = "a symmetric key that encrypts is a secret of the encoding base64aes"
	case len(v.algorithms) == 0:
		v.problem = fmt.Sprintf("a key of type %s goes with none of the key's algorithms", key.Kind())
	case slices.ContainsFunc(v.algorithms, func(a string) bool { return d.Use == Signing && tooShort(key, a) }):
		v.problem = fmt.Sprintf("the symmetric key is shorter than the digest of %s, which RFC 7518 section 3.2 does not allow", v.algorithms[0])
	}
	if v.problem != "" {
		v.algorithms = nil
		return v
	}
	if v.kid, err = keyID(key, stored.ID); err != nil {
		v.problem, v.algorithms = err.Error(), nil
		return v
	}
	v.key, v.sealed = key, seal.NewKey(stored.ID, stored.Secret, stored.Value, key)
	return v
}

// parse reads the key that a version is. Its errors are the same for all values of
// a kind.
func parse(stored secretstore.KeyVersion) (*signing.Key, error) {
	switch {
	case stored.Structured:
		return nil, fmt.Errorf("it is a structure, and a key is a string")
	case stored.Weak:
		return nil, fmt.Errorf("it is weak: what it signs would tell it to who guesses")
	case stored.Computed:
		return nil, fmt.Errorf("a script computed it of other secrets: what it signs would tell of them")
	}
	text := plaintext.Open(stored.Value)
	switch stored.Encoding {
	case secretstore.Base64HMAC, secretstore.Base64AES:
		b, err := base64.StdEncoding.DecodeString(string(text))
		if err != nil {
			return nil, fmt.Errorf("it is not base64")
		}
		return signing.New(b)
	}
	return signing.Parse(text)
}

// keyID gives the kid. That of a symmetric key is random: a thumbprint would be a
// hash to guess against.
func keyID(k *signing.Key, id string) (string, error) {
	if k.Public() == nil {
		return id, nil
	}
	public, err := jwk.Import(k.Public())
	if err != nil {
		return "", fmt.Errorf("the key has no JSON Web Key")
	}
	digest, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("the key has no thumbprint")
	}
	return base64.RawURLEncoding.EncodeToString(digest), nil
}
