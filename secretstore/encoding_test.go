package secretstore_test

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore"
)

// pems are PEM texts of a key pair.
type pems struct{ pkcs8, sec1, public, certificate string }

func newPEMs(t *testing.T) pems {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	var p pems
	der, err := x509.MarshalPKCS8PrivateKey(key)
	p.pkcs8 = block("PRIVATE KEY", der, err)
	der, err = x509.MarshalECPrivateKey(key)
	p.sec1 = block("EC PRIVATE KEY", der, err)
	der, err = x509.MarshalPKIXPublicKey(key.Public())
	p.public = block("PUBLIC KEY", der, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}}
	der, err = x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	p.certificate = block("CERTIFICATE", der, err)
	return p
}

func TestValuesAreHeldToTheirEncoding(t *testing.T) {
	s := open(t, t.TempDir())
	p := newPEMs(t)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	agreement, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x25519, err := x509.MarshalPKCS8PrivateKey(agreement)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(p.pkcs8, "\n")
	bytes := func(n int) string {
		b := make([]byte, n)
		_, _ = rand.Read(b)
		return base64.StdEncoding.EncodeToString(b)
	}
	for name, test := range map[string]struct {
		encoding secretstore.Encoding
		value    string
		refused  string // what the error says; "" for a good value
	}{
		"pkcs8":                   {secretstore.PEM, p.pkcs8, ""},
		"sec1":                    {secretstore.PEM, p.sec1, ""},
		"no newline at the end":   {secretstore.PEM, strings.TrimSpace(p.pkcs8), ""},
		"windows lines":           {secretstore.PEM, strings.ReplaceAll(p.pkcs8, "\n", "\r\n"), ""},
		"public":                  {secretstore.PEM, p.public, ""},
		"certificate":             {secretstore.PEM, p.certificate, ""},
		"chain":                   {secretstore.PEM, p.certificate + p.certificate, ""},
		"key and chain":           {secretstore.PEM, p.pkcs8 + "\n" + p.certificate + p.certificate, ""},
		"text":                    {secretstore.PEM, strong, "the value is not PEM"},
		"base64 alone":            {secretstore.PEM, lines[1], "the value is not PEM"},
		"text before":             {secretstore.PEM, "key:\n" + p.pkcs8, "the value is not PEM"},
		"text behind":             {secretstore.PEM, p.pkcs8 + strong, "line 6 of the PEM is outside of a block"},
		"cut short":               {secretstore.PEM, p.pkcs8[:len(p.pkcs8)-30], "begins in line 1 is broken"},
		"a line is missing":       {secretstore.PEM, lines[0] + "\n" + strings.Join(lines[2:], "\n"), "line 1 holds no key"},
		"a character is wrong":    {secretstore.PEM, strings.Replace(p.pkcs8, lines[1], "!"+lines[1][1:], 1), "begins in line 1 is broken"},
		"one inside another":      {secretstore.PEM, lines[0] + "\n" + p.pkcs8, "begins in line 1 is broken"},
		"the second is broken":    {secretstore.PEM, p.certificate + strings.Replace(p.certificate, "M", "!", 1), "is broken"},
		"the wrong type":          {secretstore.PEM, strings.ReplaceAll(p.pkcs8, "PRIVATE", "PUBLIC"), "holds no key"},
		"an unknown type":         {secretstore.PEM, strings.ReplaceAll(p.pkcs8, "PRIVATE KEY", "X"), "a type that is not known"},
		"two keys":                {secretstore.PEM, p.pkcs8 + p.sec1, "a second key"},
		"encrypted":               {secretstore.PEM, strings.ReplaceAll(p.pkcs8, "PRIVATE", "ENCRYPTED PRIVATE"), "encrypted under a password"},
		"headers":                 {secretstore.PEM, strings.Replace(p.sec1, "KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\n\n", 1), "headers"},
		"a small key":             {secretstore.PEM, string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(small)})), "MinRSABits"},
		"a key for key agreement": {secretstore.PEM, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: x25519})), "none of RSA, ECDSA or Ed25519"},
		"hmac":                    {secretstore.Base64HMAC, bytes(32), ""},
		"a long hmac":             {secretstore.Base64HMAC, bytes(65), ""},
		"a short hmac":            {secretstore.Base64HMAC, bytes(31), "MinHMACKeyBytes"},
		"no base64":               {secretstore.Base64HMAC, bytes(30) + "!!!!", "not base64 (RFC 4648 section 4, padded with =) from byte 40 on"},
		"base64url":               {secretstore.Base64HMAC, "-_" + bytes(33)[2:], "not base64 (RFC 4648 section 4, padded with =) from byte 0 on"},
		"no padding":              {secretstore.Base64HMAC, strings.TrimRight(bytes(32), "="), "not base64"},
		"a line break":            {secretstore.Base64HMAC, bytes(33) + "\n", "line break at byte 44"},
		"bits that are not zero":  {secretstore.Base64AES, strings.Repeat("A", 21) + "B==", "not base64"},
		"aes 128":                 {secretstore.Base64AES, bytes(16), ""},
		"aes 192":                 {secretstore.Base64AES, bytes(24), ""},
		"aes 256":                 {secretstore.Base64AES, bytes(32), ""},
		"aes 136":                 {secretstore.Base64AES, bytes(17), "16, 24 or 32 bytes"},
		"another encoding":        {"base32", strong, "there is no such encoding"},
	} {
		t.Run(name, func(t *testing.T) {
			id := strings.ReplaceAll(name, " ", "_")
			got, err := s.CreateSecret(t.Context(), admin, secretstore.Scope{}, id, secretstore.Spec{Value: value(test.value), Encoding: test.encoding})
			if test.refused == "" {
				if err != nil || got.Encoding != test.encoding || got.PublicKey != "" {
					t.Fatalf("%+v, %v", got, err)
				}
				if !sees(t, s, secretstore.Scope{}, id, test.value) {
					t.Error("a policy does not see the text as it was written")
				}
				return
			}
			if !errors.Is(err, secretstore.ErrInvalid) || !strings.Contains(err.Error(), test.refused) {
				t.Fatalf("error %v, want %q", err, test.refused)
			}
			for i := 0; i+8 <= len(test.value); i++ {
				if part := test.value[i : i+8]; strings.Contains(err.Error(), part) && !strings.Contains(part, "-") {
					t.Fatalf("the error quotes the value: %v", err)
				}
			}
		})
	}
}

func TestTheEncodingOfASecretStays(t *testing.T) {
	s := open(t, t.TempDir())
	ctx, p := t.Context(), newPEMs(t)
	mustCreate(t, s, secretstore.Scope{}, "KEY", secretstore.Spec{Value: value(p.pkcs8), Encoding: secretstore.PEM})
	if _, _, err := s.AddVersion(ctx, admin, secretstore.Scope{}, "KEY", given(strong), ""); !errors.Is(err, secretstore.ErrInvalid) {
		t.Errorf("a version of text: %v", err)
	}
	if _, err := patch(t, s, "KEY", `{"value":"`+strong+`"}`); !errors.Is(err, secretstore.ErrInvalid) {
		t.Errorf("a patch of text: %v", err)
	}
	if _, _, err := s.PutSecret(ctx, admin, secretstore.Scope{}, "KEY", secretstore.Spec{Value: value(strong), Encoding: secretstore.Generic}, ""); !errors.Is(err, secretstore.ErrInvalid) {
		t.Errorf("another encoding: %v", err)
	}
	got, _, err := s.PutSecret(ctx, admin, secretstore.Scope{}, "KEY", secretstore.Spec{Value: value(p.sec1)}, "")
	if err != nil || got.Encoding != secretstore.PEM || got.Version != 2 {
		t.Errorf("a put without an encoding: %+v, %v", got, err)
	}
	if _, _, err := s.AddVersion(ctx, admin, secretstore.Scope{}, "KEY", secretstore.Given{Generate: &secretstore.Generate{Kind: "ec"}}, ""); err != nil {
		t.Errorf("a generated version: %v", err)
	}
}

// Whether a value that a script computed from a secret is a key would tell of the
// secret.
func TestAttackParserAsAnOracle(t *testing.T) {
	s := open(t, t.TempDir())
	mustCreate(t, s, secretstore.Scope{}, "KEY", secretstore.Spec{Generate: &secretstore.Generate{Kind: "aes"}})
	for name, text := range map[string]string{"TEXT": strong, "BASE64": base64.StdEncoding.EncodeToString([]byte(strong)[:24])} {
		mustCreate(t, s, secretstore.Scope{}, name, secretstore.Spec{Value: value(text)})
		set, err := s.SealingSet(t.Context(), admin, secretstore.KindScript, secretstore.Scope{}, secretstore.References{Secrets: []string{name}})
		if err != nil {
			t.Fatal(err)
		}
		run := set.NewRun(s.RunOptions(admin, secretstore.Scope{}))
		sealed, err := run.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		err = s.SetSecret(t.Context(), admin, run, secretstore.Scope{}, "KEY", sealed)
		if err == nil || !strings.Contains(err.Error(), "takes no value that was computed from secrets") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
