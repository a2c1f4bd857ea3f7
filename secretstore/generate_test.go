package secretstore_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore"
)

func TestTheServerMakesValues(t *testing.T) {
	s := open(t, t.TempDir())
	for name, test := range map[string]struct {
		generate  secretstore.Generate
		encoding  secretstore.Encoding
		algorithm x509.PublicKeyAlgorithm
	}{
		"password":  {secretstore.Generate{Kind: "password"}, secretstore.Generic, 0},
		"symbols":   {secretstore.Generate{Kind: "password", Length: 16, Classes: []string{"lower", "upper", "digits", "symbols"}, Exclude: "lI1O0"}, secretstore.Generic, 0},
		"hex":       {secretstore.Generate{Kind: "hex", Bytes: 16}, secretstore.Generic, 0},
		"uuid":      {secretstore.Generate{Kind: "uuid"}, secretstore.Generic, 0},
		"hmac":      {secretstore.Generate{Kind: "hmac", Bytes: 32}, secretstore.Base64HMAC, 0},
		"aes":       {secretstore.Generate{Kind: "aes", Bits: 128}, secretstore.Base64AES, 0},
		"rsa":       {secretstore.Generate{Kind: "rsa", Bits: 2048}, secretstore.PEM, x509.RSA},
		"ec":        {secretstore.Generate{Kind: "ec", Curve: "P-521"}, secretstore.PEM, x509.ECDSA},
		"ed25519":   {secretstore.Generate{Kind: "ed25519"}, secretstore.PEM, x509.Ed25519},
		"defaults":  {secretstore.Generate{Kind: "ec"}, secretstore.PEM, x509.ECDSA},
		"long_hmac": {secretstore.Generate{Kind: "hmac"}, secretstore.Base64HMAC, 0},
	} {
		got := mustCreate(t, s, secretstore.Scope{}, name, secretstore.Spec{Generate: &test.generate})
		if got.Encoding != test.encoding || got.Weak || (got.PublicKey != "") != (test.algorithm != 0) {
			t.Errorf("%s: %+v", name, got)
		}
		versions, err := s.Versions(admin, secretstore.Scope{}, name)
		if err != nil || versions[0].PublicKey != got.PublicKey {
			t.Errorf("%s: versions %+v, %v", name, versions, err)
		}
		if test.algorithm == 0 {
			continue
		}
		block, _ := pem.Decode([]byte(got.PublicKey))
		if block == nil || block.Type != "PUBLIC KEY" {
			t.Fatalf("%s: public key %q", name, got.PublicKey)
		}
		if _, err := x509.ParsePKIXPublicKey(block.Bytes); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGenerateRefuses(t *testing.T) {
	s := open(t, t.TempDir())
	for want, g := range map[string]secretstore.Generate{
		"generate/kind":              {Kind: "des"},
		"generate/bits: there is no": {Kind: "ed25519", Bits: 256},
		"generate/length: there is":  {Kind: "hex", Length: 20},
		"MinPasswordLength":          {Kind: "password", Length: 15},
		"MaxGeneratedBytes":          {Kind: "hex", Bytes: 1025},
		"generate/bytes":             {Kind: "hmac", Bytes: 31},
		"use one of 128 192 256":     {Kind: "aes", Bits: 512},
		"use one of 2048 3072 4096":  {Kind: "rsa", Bits: 1024},
		"generate/curve":             {Kind: "ec", Curve: "P-224"},
		"generate/classes":           {Kind: "password", Classes: []string{"emoji"}},
		"nothing is left":            {Kind: "password", Classes: []string{"digits", "lower"}, Exclude: "0123456789"},
		"at least 10 characters":     {Kind: "password", Classes: []string{"digits"}, Exclude: "0"},
		"each once":                  {Kind: "password", Classes: []string{"digits", "digits"}},
	} {
		_, err := s.CreateSecret(t.Context(), admin, secretstore.Scope{}, "X", secretstore.Spec{Generate: &g})
		if !errors.Is(err, secretstore.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", g, err, want)
		}
	}
	for name, spec := range map[string]secretstore.Spec{
		"two":          {Generate: &secretstore.Generate{Kind: "hex"}, Value: value(strong)},
		"none":         {},
		"encoding":     {Generate: &secretstore.Generate{Kind: "hex"}, Encoding: secretstore.PEM},
		"hmac is text": {Generate: &secretstore.Generate{Kind: "hmac"}, Encoding: secretstore.Generic},
	} {
		if _, err := s.CreateSecret(t.Context(), admin, secretstore.Scope{}, "X", spec); !errors.Is(err, secretstore.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Passwords have a character of each class, none that is excluded, and every
// other one about as often.
func TestPasswordsAreUniform(t *testing.T) {
	const length, n = 20, 3000
	counts := make(map[rune]int)
	for range n {
		password := secretstore.Password(t, secretstore.Generate{Kind: "password", Length: length, Exclude: "l1"})
		if len(password) != length || !strings.ContainsAny(password, "0123456789") || strings.ToLower(password) == password || strings.ToUpper(password) == password {
			t.Fatalf("%q is against the rule", password)
		}
		for _, c := range password {
			counts[c]++
		}
	}
	if len(counts) != 60 || counts['l']+counts['1'] > 0 {
		t.Errorf("%d different characters: %v", len(counts), counts)
	}
	for c := range counts {
		// Digits are a little more frequent, since every password has one.
		if want := float64(length*n) / 60; math.Abs(float64(counts[c])-want) > 0.25*want {
			t.Errorf("%c stands there %d times, want about %.0f", c, counts[c], want)
		}
	}
}
