package secretstore

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
)

// Generate asks for a value that the server makes, so that nobody ever saw it. A
// member that its kind does not have is refused; one that is absent has its
// default.
type Generate struct {
	// Kind is "password", "hex", "uuid" (version 4, RFC 9562), "hmac", "aes", "rsa",
	// "ec" or "ed25519".
	Kind string `json:"kind"`
	// Length is that of a password, in characters.
	Length int `json:"length,omitempty"`
	// Classes are the kinds of characters of a password, at least one of each:
	// "lower", "upper", "digits", "symbols".
	Classes []string `json:"classes,omitempty"`
	// Exclude are characters that a password does not have.
	Exclude string `json:"exclude,omitempty"`
	// Bytes is the number of random bytes of "hex" and "hmac".
	Bytes int `json:"bytes,omitempty"`
	// Bits is the size of a key of "aes" or "rsa".
	Bits int `json:"bits,omitempty"`
	// Curve is that of "ec": "P-256", "P-384" or "P-521".
	Curve string `json:"curve,omitempty"`
}

// generated is a value that the server made, and what may be told of it.
type generated struct {
	value    Value
	encoding Encoding
	// publicKey is the public half of an asymmetric key, as PKIX PEM.
	publicKey string
}

var aesKeyBits = []int{128, 192, 256}

var rsaKeyBits = []int{2048, 3072, 4096}

var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

// kinds make the values. Each has the members that a request may give with it.
var kinds = map[string]struct {
	members []string
	make    func(Generate) (generated, error)
}{
	"password": {[]string{"length", "classes", "exclude"}, Generate.password},
	"hex": {[]string{"bytes"}, func(g Generate) (generated, error) {
		b, err := g.random(DefaultKeyBytes, MinHMACKeyBytes/2)
		return generated{value: StringValue(hex.EncodeToString(b)), encoding: Generic}, err
	}},
	"uuid": {nil, func(Generate) (generated, error) {
		return generated{value: StringValue(uuid.NewString()), encoding: Generic}, nil
	}},
	"hmac": {[]string{"bytes"}, func(g Generate) (generated, error) {
		b, err := g.random(DefaultKeyBytes, MinHMACKeyBytes)
		return generated{value: StringValue(base64.StdEncoding.EncodeToString(b)), encoding: Base64HMAC}, err
	}},
	"aes": {[]string{"bits"}, func(g Generate) (generated, error) {
		bits, err := oneOf("bits", g.Bits, 256, aesKeyBits)
		b := make([]byte, bits/8)
		_, _ = rand.Read(b) // never fails
		return generated{value: StringValue(base64.StdEncoding.EncodeToString(b)), encoding: Base64AES}, err
	}},
	"rsa": {[]string{"bits"}, func(g Generate) (generated, error) {
		bits, err := oneOf("bits", g.Bits, 3072, rsaKeyBits)
		if err != nil {
			return generated{}, err
		}
		key, err := rsa.GenerateKey(rand.Reader, bits)
		return keyPair(key, err)
	}},
	"ec": {[]string{"curve"}, func(g Generate) (generated, error) {
		if g.Curve == "" {
			g.Curve = "P-256"
		}
		curve, ok := curves[g.Curve]
		if !ok {
			return generated{}, fail(ErrInvalid, "generate/curve: use P-256, P-384 or P-521")
		}
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		return keyPair(key, err)
	}},
	"ed25519": {nil, func(Generate) (generated, error) {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return keyPair(key, err)
	}},
}

// check gives the encoding of what make would make, without the time that an RSA
// key takes.
func (g Generate) check() (Encoding, error) {
	if g.Kind == "rsa" {
		if _, err := oneOf("bits", g.Bits, 3072, rsaKeyBits); err != nil {
			return "", err
		}
		g.Kind, g.Bits = "ed25519", 0 // the same but for the bits
	}
	made, err := g.make()
	return made.encoding, err
}

// make makes the value. It can take a second, for an RSA key, and is no part of a
// transaction.
func (g Generate) make() (generated, error) {
	kind, ok := kinds[g.Kind]
	if !ok {
		return generated{}, fail(ErrInvalid, "generate/kind: use password, hex, uuid, hmac, aes, rsa, ec or ed25519")
	}
	for name, given := range map[string]bool{
		"length": g.Length != 0, "classes": g.Classes != nil, "exclude": g.Exclude != "",
		"bytes": g.Bytes != 0, "bits": g.Bits != 0, "curve": g.Curve != "",
	} {
		if given && !slices.Contains(kind.members, name) {
			return generated{}, fail(ErrInvalid, "generate/%s: there is no such member with the kind %s", name, g.Kind)
		}
	}
	return kind.make(g)
}

// random gives random bytes, as many as the request says.
func (g Generate) random(usual, least int) ([]byte, error) {
	n := g.Bytes
	if n == 0 {
		n = usual
	}
	if n < least || n > MaxGeneratedBytes {
		return nil, fail(ErrInvalid, "generate/bytes: a number from %d to %d (MaxGeneratedBytes)", least, MaxGeneratedBytes)
	}
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b, nil
}

func oneOf(member string, given, usual int, allowed []int) (int, error) {
	if given == 0 {
		return usual, nil
	}
	if !slices.Contains(allowed, given) {
		return 0, fail(ErrInvalid, "generate/%s: use one of %s", member, strings.Trim(fmt.Sprint(allowed), "[]"))
	}
	return given, nil
}

// keyPair gives a private key as PKCS #8 and its public half as PKIX.
func keyPair(key crypto.Signer, err error) (generated, error) {
	if err != nil {
		return generated{}, fmt.Errorf("generate a key: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return generated{}, fmt.Errorf("encode a generated key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return generated{}, fmt.Errorf("encode a generated public key: %w", err)
	}
	return generated{
		value:     Value{Value: plaintext.New(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))},
		encoding:  PEM,
		publicKey: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})),
	}, nil
}
