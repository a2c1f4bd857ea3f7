package secretstore

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"slices"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
)

// Encoding says what a secret's value is. It is fixed when the secret is made:
// keys use all enabled versions of a secret alike. What scripts and policies see
// is the text as it was written; keys use the bytes that it stands for.
type Encoding string

// The encodings.
const (
	// Generic is any text, a password or a token, or a structure.
	Generic Encoding = "generic"
	// PEM is a private key, a public key or certificates in PEM (RFC 7468): PKCS #8,
	// PKCS #1, SEC 1, PKIX or X.509. A private key may have certificates behind it.
	PEM Encoding = "pem"
	// Base64HMAC is the base64 (RFC 4648 section 4) of the bytes of a key for HMAC.
	Base64HMAC Encoding = "base64hmac"
	// Base64AES is the base64 (RFC 4648 section 4) of a key for AES.
	Base64AES Encoding = "base64aes"
)

var encodings = []Encoding{Generic, PEM, Base64HMAC, Base64AES}

// check makes sure that a value is what its encoding says. The error says what is
// wrong and where, and nothing of the value.
func (e Encoding) check(v Value) error {
	if !slices.Contains(encodings, e) {
		return fail(ErrInvalid, "there is no such encoding; use generic, pem, base64hmac or base64aes")
	}
	if e == Generic {
		return nil
	}
	if v.structured {
		return fail(ErrInvalid, "a value of the encoding %s is a string", e)
	}
	text := plaintext.Open(v.Value)
	switch e {
	case PEM:
		return checkPEM(text)
	case Base64HMAC:
		return checkBase64(text, func(n int) error {
			if n < MinHMACKeyBytes {
				return fail(ErrInvalid, "a key for HMAC has at least %d bytes (MinHMACKeyBytes, RFC 7518 section 3.2)", MinHMACKeyBytes)
			}
			return nil
		})
	}
	return checkBase64(text, func(n int) error {
		if !slices.Contains(aesKeyBits, 8*n) {
			return fail(ErrInvalid, "a key for AES has 16, 24 or 32 bytes")
		}
		return nil
	})
}

func checkBase64(text []byte, size func(int) error) error {
	key := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	defer clear(key)
	n, err := base64.StdEncoding.Strict().Decode(key, text)
	var corrupt base64.CorruptInputError
	switch {
	case bytes.ContainsAny(text, "\r\n"):
		return fail(ErrInvalid, "the base64 has a line break at byte %d; write it on one line", bytes.IndexAny(text, "\r\n"))
	case errors.As(err, &corrupt):
		return fail(ErrInvalid, "the value is not base64 (RFC 4648 section 4, padded with =) from byte %d on", int64(corrupt))
	case err != nil:
		return fail(ErrInvalid, "the value is not base64 (RFC 4648 section 4, padded with =)")
	}
	return size(n)
}

// checkPEM takes the blocks of a PEM text apart, one by one.
func checkPEM(text []byte) error {
	first := true
	for rest := text; ; first = false {
		// What pem.Decode would skip is refused: it may be a key cut short.
		begun := bytes.TrimLeft(rest, " \t\r\n")
		starts := bytes.HasPrefix(begun, []byte("-----BEGIN "))
		switch {
		case first && !starts:
			return fail(ErrInvalid, "the value is not PEM: its first line is no -----BEGIN")
		case len(begun) == 0:
			return nil
		}
		line := 1 + bytes.Count(text[:len(text)-len(begun)], []byte("\n"))
		if !starts {
			return fail(ErrInvalid, "line %d of the PEM is outside of a block; it should begin one with -----BEGIN", line)
		}
		block, after := pem.Decode(begun)
		if block == nil || bytes.Count(begun[:len(begun)-len(after)], []byte("-----BEGIN ")) != 1 {
			return fail(ErrInvalid, "the PEM block that begins in line %d is broken: its base64 or its -----END line is not right", line)
		}
		if err := checkBlock(block, line, first); err != nil {
			return err
		}
		rest = after
	}
}

// checkBlock parses what a block of a PEM text holds.
func checkBlock(block *pem.Block, line int, first bool) error {
	if len(block.Headers) > 0 || block.Type == "ENCRYPTED PRIVATE KEY" {
		return fail(ErrInvalid, "the key in line %d of the PEM is encrypted under a password or has headers; write it as plain PKCS #8, the server encrypts it", line)
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var certificate *x509.Certificate
		if certificate, err = x509.ParseCertificate(block.Bytes); err == nil {
			return checkPublic(certificate.PublicKey, line)
		}
	default:
		return fail(ErrInvalid, "the PEM block that begins in line %d is of a type that is not known here; a key or certificates are", line)
	}
	switch {
	case err != nil:
		return fail(ErrInvalid, "the PEM block that begins in line %d holds no key or certificate of its type", line)
	case !first:
		return fail(ErrInvalid, "the PEM block that begins in line %d is a second key; a secret has one key, with certificates behind it", line)
	}
	return checkPublic(key, line)
}

// checkPublic looks at the kind and the size of a key, public or private.
func checkPublic(key any, line int) error {
	bits := MinRSABits
	switch key := key.(type) {
	case *rsa.PrivateKey:
		bits = key.N.BitLen()
	case *rsa.PublicKey:
		bits = key.N.BitLen()
	case *ecdsa.PrivateKey, *ecdsa.PublicKey, ed25519.PrivateKey, ed25519.PublicKey:
	default:
		return fail(ErrInvalid, "the key in line %d of the PEM is none of RSA, ECDSA or Ed25519", line)
	}
	if bits < MinRSABits {
		return fail(ErrInvalid, "the RSA key in line %d of the PEM has fewer than %d bits (MinRSABits)", line, MinRSABits)
	}
	return nil
}
