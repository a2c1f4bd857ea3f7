package rego

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"hash"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/reticent/reticent/secretstore/seal"
)

// hashOf are the HMACs of JSON Web Signature (RFC 7518 section 3.2): for keys
// that are sealed, and to sign with keys that are thrown away.
var hashOf = map[seal.Algorithm]struct {
	sealed seal.Hash
	plain  func() hash.Hash
}{
	"HS256": {seal.HashSHA256, sha256.New},
	"HS384": {seal.HashSHA384, sha512.New384},
	"HS512": {seal.HashSHA512, sha512.New},
}

// verifications are OPA's builtins that verify a token, and their algorithms.
var verifications = map[string]seal.Algorithm{
	"io.jwt.verify_hs256": "HS256", "io.jwt.verify_hs384": "HS384", "io.jwt.verify_hs512": "HS512",
	"io.jwt.verify_rs256": "RS256", "io.jwt.verify_rs384": "RS384", "io.jwt.verify_rs512": "RS512",
	"io.jwt.verify_ps256": "PS256", "io.jwt.verify_ps384": "PS384", "io.jwt.verify_ps512": "PS512",
	"io.jwt.verify_es256": "ES256", "io.jwt.verify_es384": "ES384", "io.jwt.verify_es512": "ES512",
	"io.jwt.verify_eddsa": "EdDSA",
}

// errToken is an error of a builtin as OPA's own: its call is undefined.
var errToken = errors.New("not a token")

// signedToken is a token in its parts: what is signed, and the bytes of the
// signature.
type signedToken struct{ message, signature string }

// splitToken takes a token apart. One that has a secret in it must show its parts.
func splitToken(r *seal.Run, token string) (signedToken, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		if r.Holds(token) {
			return signedToken{}, inspected("taking a token apart that is a secret")
		}
		return signedToken{}, errToken
	}
	out := signedToken{message: parts[0] + "." + parts[1]}
	if r.Holds(parts[2]) {
		var err error
		out.signature, err = r.Underive(seal.Base64RawURL, parts[2])
		return out, err
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[2], "="))
	if err != nil {
		return signedToken{}, errToken
	}
	out.signature = string(raw)
	return out, nil
}

// verifyToken verifies a token as OPA does. OPA takes the key of an HMAC as it
// is, whatever it looks like.
func verifyToken(r *seal.Run, alg seal.Algorithm, token, key string) (bool, error) {
	t, err := splitToken(r, token)
	if err != nil {
		return false, err
	}
	h, isHMAC := hashOf[alg]
	if !isHMAC {
		return r.Verify(alg, key, t.message, t.signature)
	}
	return r.VerifyMAC(h.sealed, key, t.message, t.signature)
}

// verifyConstraints is io.jwt.decode_verify with a sealed secret. The signature
// is verified here; the rest is left to OPA, with a key that is thrown away and,
// if the signature was right, a signature under it.
func verifyConstraints(stock topdown.BuiltinFunc) topdown.BuiltinFunc {
	return func(ctx topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
		run := runOf(ctx)
		token, ok1 := operands[0].Value.(ast.String)
		constraints, ok2 := operands[1].Value.(ast.Object)
		if !ok1 || !ok2 || !holds(run, token) && !holds(run, constraints) {
			return stock(ctx, operands, iter)
		}
		secretKey := ast.StringTerm("secret")
		key := constraints.Get(secretKey)
		if key == nil || holds(run, token) || holds(run, without(constraints, secretKey)) {
			return halt(ctx, inspected("io.jwt.decode_verify of a secret other than `secret`"))
		}
		text, ok := key.Value.(ast.String)
		if !ok {
			return halt(ctx, inspected("io.jwt.decode_verify with a secret within `secret`"))
		}
		throwaway := rand.Text()
		replaced := without(constraints, secretKey)
		replaced.Insert(secretKey, ast.StringTerm(throwaway))
		shown := string(token)
		alg, nested := tokenHeader(shown)
		if nested {
			return halt(ctx, inspected("io.jwt.decode_verify of a token within a token"))
		}
		if h, ok := hashOf[alg]; ok {
			valid, err := verifyToken(run, alg, shown, string(text))
			if err != nil && !errors.Is(err, errToken) {
				return halt(ctx, err)
			}
			if valid {
				message := shown[:strings.LastIndexByte(shown, '.')]
				mac := hmac.New(h.plain, []byte(throwaway))
				mac.Write([]byte(message))
				shown = message + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
			}
		}
		return stock(ctx, []*ast.Term{ast.StringTerm(shown), ast.NewTerm(replaced)}, iter)
	}
}

// tokenHeader reads the algorithm of a token, and whether it has another in it.
func tokenHeader(token string) (alg seal.Algorithm, nested bool) {
	first, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(first, "="))
	if err != nil {
		return "", false
	}
	var header struct {
		Alg seal.Algorithm `json:"alg"`
		Cty string         `json:"cty"`
	}
	if json.Unmarshal(raw, &header) != nil {
		return "", false
	}
	return header.Alg, strings.EqualFold(header.Cty, "JWT")
}

// signToken makes a token of texts in JSON. The payload may be sealed, and what
// sign signs with.
func signToken(r *seal.Run, headers, payload string, sign func(alg seal.Algorithm, message string) (string, error)) (ast.Value, error) {
	if r.Holds(headers) {
		return nil, inspected("a token with a secret in its header")
	}
	var header struct {
		Alg seal.Algorithm `json:"alg"`
	}
	if json.Unmarshal([]byte(headers), &header) != nil || !r.Holds(payload) && !json.Valid([]byte(payload)) {
		return nil, errToken
	}
	message, err := r.Derive(seal.Base64RawURL, payload)
	if err != nil {
		return nil, err
	}
	message = base64.RawURLEncoding.EncodeToString([]byte(headers)) + "." + message
	signature, err := sign(header.Alg, message)
	if err != nil {
		return nil, err
	}
	signature, err = r.Derive(seal.Base64RawURL, signature)
	return ast.String(message + "." + signature), err
}

// signWithKey signs under a JSON Web Key that has a sealed part, which can be the
// secret k of a symmetric one.
func signWithKey(r *seal.Run, alg seal.Algorithm, key ast.Value, message string) (string, error) {
	object, _ := key.(ast.Object)
	h, ok := hashOf[alg]
	if object == nil || !ok || !hasMember(object, "kty", "oct") {
		return "", seal.Errorf(seal.CodeInspected, "a sealed part of a key signs only as k of a symmetric one, with HS256, HS384 or HS512; store the whole key as one secret and use io.jwt.encode_sign_raw")
	}
	var encoded ast.String
	if k := object.Get(ast.StringTerm("k")); k != nil {
		encoded, _ = k.Value.(ast.String)
	}
	raw, err := r.Underive(seal.Base64RawURL, string(encoded))
	if err != nil {
		return "", seal.Errorf(seal.CodeInspected, "k of a key is a secret encoded: write base64url.encode_no_pad(data.secrets.NAME)")
	}
	return r.MAC(h.sealed, raw, message)
}

func hasMember(o ast.Object, key, value string) bool {
	t := o.Get(ast.StringTerm(key))
	return t != nil && t.Value.Compare(ast.String(value)) == 0
}

// tokenFunc gives this package's implementation of one of OPA's builtins for
// tokens, or nil.
func tokenFunc(b *ast.Builtin) topdown.BuiltinFunc {
	if alg, ok := verifications[b.Name]; ok {
		return onSurrogates(b, func(r *seal.Run, o []*ast.Term) (ast.Value, error) {
			ok, err := verifyToken(r, alg, text(o[0]), text(o[1]))
			return ast.Boolean(ok), err
		})
	}
	switch b.Name {
	case "io.jwt.decode_verify":
		return verifyConstraints(topdown.GetBuiltin(b.Name))
	case "io.jwt.encode_sign_raw":
		return onSurrogates(b, func(r *seal.Run, o []*ast.Term) (ast.Value, error) {
			key := text(o[2])
			if r.Holds(text(o[1])) {
				// It must be JSON, which would tell of the secret.
				return nil, seal.Errorf(seal.CodeInspected, "io.jwt.encode_sign_raw looks into its payload; use io.jwt.encode_sign")
			}
			if r.Holds(key) && strings.HasPrefix(strings.TrimSpace(key), "{") {
				return nil, inspected("io.jwt.encode_sign_raw with a key that was put together")
			}
			return signToken(r, text(o[0]), text(o[1]), func(alg seal.Algorithm, message string) (string, error) {
				return r.Sign(alg, key, message)
			})
		})
	case "io.jwt.encode_sign":
		return onSurrogates(b, func(r *seal.Run, o []*ast.Term) (ast.Value, error) {
			var parts [3]string
			for i := range parts {
				v, err := marshal(r, o[i].Value)
				if err != nil {
					return nil, err
				}
				parts[i] = string(v.(ast.String))
			}
			return signToken(r, parts[0], parts[1], func(alg seal.Algorithm, message string) (string, error) {
				if holds(r, o[2].Value) {
					return signWithKey(r, alg, o[2].Value, message)
				}
				return r.Sign(alg, parts[2], message)
			})
		})
	}
	return nil
}
