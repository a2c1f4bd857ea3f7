package signing

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/lestrrat-go/jwx/v3/jwk"
)

const (
	// MinRSABits is the size of the smallest RSA key (RFC 7518 sections 3.3 and 3.5).
	MinRSABits = 2048
	// MaxRSABits is that of the largest: nothing ends a signature that has begun.
	MaxRSABits = 8192
)

// Key is a key that was read. It is immutable.
type Key struct {
	kind    Kind
	secret  []byte
	private crypto.Signer // nil for a public key
	public  crypto.PublicKey
}

// Kind is what type of key it is.
func (k *Key) Kind() Kind { return k.kind }

// Private reports whether the key can sign.
func (k *Key) Private() bool { return k.secret != nil || k.private != nil }

// Public gives the public half: an *rsa.PublicKey, *ecdsa.PublicKey or
// ed25519.PublicKey, nil for a symmetric key.
func (k *Key) Public() crypto.PublicKey { return k.public }

// PublicOnly gives the key without its private half. A symmetric key has none.
func (k *Key) PublicOnly() (*Key, error) {
	if k.public == nil {
		return nil, errors.New("a symmetric key has no public half")
	}
	return &Key{kind: k.kind, public: k.public}, nil
}

// Signer gives the private half, nil where there is none.
func (k *Key) Signer() crypto.Signer { return k.private }

// Secret gives the bytes of a symmetric key, nil for any other.
func (k *Key) Secret() []byte { return k.secret }

// The beginnings of texts that are keys of a type of their own, whatever follows.
var (
	pemStart = []byte("-----BEGIN")
	dashes   = []byte("-----")
)

// Armoured reports whether a text starts as PEM does. Such a text is never the
// secret of an HMAC.
func Armoured(text []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(text), dashes)
}

// Parse reads a key: PEM (PKCS #8, PKCS #1, SEC 1, PKIX public keys and
// certificates), a JSON Web Key (RFC 7517), or else the bytes of a symmetric key.
func Parse(text []byte) (*Key, error) {
	trimmed := bytes.TrimSpace(text)
	switch {
	case len(trimmed) == 0:
		return nil, errors.New("the key is empty")
	case Armoured(trimmed):
		return parsePEM(trimmed)
	case isJWK(trimmed):
		return ParseJWK(trimmed)
	}
	return &Key{kind: Symmetric, secret: text}, nil
}

// errPEM does not say more: the text may be a secret.
var errPEM = errors.New("not a key in PEM: PKCS #8, PKCS #1 or SEC 1 private keys without a passphrase, PKIX public keys and certificates are read")

func parsePEM(text []byte) (*Key, error) {
	if !bytes.HasPrefix(text, pemStart) {
		return nil, errPEM
	}
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, errPEM
		}
		if block.Type == "EC PARAMETERS" { // openssl writes them before the key
			text = rest
			continue
		}
		return ParseDER(block.Type, block.Bytes)
	}
}

// ParseDER reads the inside of a PEM block.
func ParseDER(blockType string, der []byte) (*Key, error) {
	var key any
	var err error
	switch blockType {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(der)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(der)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(der)
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(der)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(der)
	case "CERTIFICATE":
		var certificate *x509.Certificate
		if certificate, err = x509.ParseCertificate(der); err == nil {
			key = certificate.PublicKey
		}
	default:
		return nil, errPEM
	}
	if err != nil {
		return nil, errPEM
	}
	return New(key)
}

// isJWK reports whether a text is a JSON object with a type of key.
func isJWK(text []byte) bool {
	if text[0] != '{' {
		return false
	}
	var head struct {
		Type string `json:"kty"`
	}
	return json.Unmarshal(text, &head) == nil && head.Type != ""
}

// ParseJWK reads a JSON Web Key.
func ParseJWK(text []byte) (*Key, error) {
	parsed, err := jwk.ParseKey(text)
	if err != nil {
		return nil, errors.New("not a JSON Web Key (RFC 7517)")
	}
	var key any
	if err := jwk.Export(parsed, &key); err != nil {
		return nil, errors.New("a JSON Web Key of a type that is not supported; RSA, EC (P-256, P-384, P-521), OKP (Ed25519) and oct are")
	}
	return New(key)
}

// New makes a key of what package crypto holds, or of bytes.
func New(key any) (*Key, error) {
	switch key := key.(type) {
	case []byte:
		if len(key) == 0 {
			return nil, errors.New("the key is empty")
		}
		return &Key{kind: Symmetric, secret: key}, nil
	case *rsa.PrivateKey:
		return newPrivate(key)
	case *ecdsa.PrivateKey:
		return newPrivate(key)
	case ed25519.PrivateKey:
		return newPrivate(key)
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < MinRSABits || bits > MaxRSABits {
			return nil, fmt.Errorf("an RSA key has %d bits or more (MinRSABits), and at most %d (MaxRSABits)", MinRSABits, MaxRSABits)
		}
		return &Key{kind: RSA, public: key}, nil
	case *ecdsa.PublicKey:
		kind := Kind(key.Curve.Params().Name)
		if len(kind.Algorithms()) == 0 {
			return nil, errors.New("a key on a curve that is not supported; P-256, P-384 and P-521 are")
		}
		return &Key{kind: kind, public: key}, nil
	case ed25519.PublicKey:
		if smallOrder(key) {
			return nil, errors.New("an Ed25519 key of small order, under which a signature holds for many messages")
		}
		return &Key{kind: Ed25519, public: key}, nil
	}
	return nil, errors.New("a key of a type that is not supported; RSA, EC (P-256, P-384, P-521), Ed25519 and symmetric keys are")
}

func newPrivate(signer crypto.Signer) (*Key, error) {
	k, err := New(signer.Public())
	if err != nil {
		return nil, err
	}
	k.private = signer
	return k, nil
}

// JWK gives the key as a JSON Web Key.
func (k *Key) JWK() ([]byte, error) {
	var raw any = k.public
	switch {
	case k.secret != nil:
		raw = k.secret
	case k.private != nil:
		raw = k.private
	}
	key, err := jwk.Import(raw)
	if err != nil {
		return nil, errors.New("the key has no JSON Web Key")
	}
	return json.Marshal(key)
}
