package rego_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// token signs with HS256.
func token(header, payload, key string) string {
	enc := base64.RawURLEncoding
	message := enc.EncodeToString([]byte(header)) + "." + enc.EncodeToString([]byte(payload))
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(message))
	return message + "." + enc.EncodeToString(mac.Sum(nil))
}

// Builtins for JSON Web Tokens decide with sealed keys as on plaintext.
func TestTokens(t *testing.T) {
	const header = `{"alg":"HS256","typ":"JWT"}`
	good := token(header, `{"sub":"ada","iss":"here","n":1}`, strong)
	inputs := []any{object{}}
	for _, s := range []string{good, token(header, `{"sub":"ada"}`, strong2), token(header, `{"sub":"ada","iss":"there"}`, strong), token(header, `{"sub":"ada","exp":1}`, strong),
		token(header, `{"sub":"bob","iss":"here"}`, strong), token(`{"alg":"HS512"}`, `{"sub":"ada"}`, strong), token(`{"alg":"none"}`, `{"sub":"ada"}`, strong), token(`{"alg":"RS256"}`, `{"sub":"ada"}`, strong),
		token(`{"alg":"HS256","crit":["x"]}`, `{"sub":"ada"}`, strong), token(header, `no JSON`, strong), token(header, `{"sub":"`+strong+`"}`, strong),
		good[:len(good)-2], good + "A", good + "=", "x", "a.b", "a.b.c.d", "..", strings.Replace(good, ".", ".x", 1), strong, token(header, `{"sub":"ada"}`, weak)} {
		inputs = append(inputs, object{"token": s})
	}
	secrets := object{"K": strong, "W": weak, "RS": "x"}
	for _, policy := range []string{
		`allow if io.jwt.verify_hs256(input.token, data.secrets.K)`,
		`allow if io.jwt.verify_hs256(input.token, data.secrets.W)`,
		`allow if io.jwt.verify_hs512(input.token, data.secrets.K)`,
		`allow if { [ok, _, claims] := io.jwt.decode_verify(input.token, {"secret": data.secrets.K}); ok; claims.sub == "ada" }`,
		`allow if { [ok, h, claims] := io.jwt.decode_verify(input.token, {"secret": data.secrets.K, "iss": "here", "alg": "HS256", "time": 5}); ok; claims.sub == "ada"; h.typ == "JWT" }`,
		`allow if { [_, _, claims] := io.jwt.decode_verify(input.token, {"secret": data.secrets.K}); claims.sub == data.secrets.K }`,
		`allow if { [false, _, _] = io.jwt.decode_verify(input.token, {"secret": data.secrets.K}) }`,
		`allow if { io.jwt.verify_hs256(input.token, data.secrets.K); [_, claims, _] := io.jwt.decode(input.token); claims.sub == "ada" }`,
		`allow if { io.jwt.encode_sign({"alg": "HS256", "typ": "JWT"}, {"sub": "ada", "iss": "here", "n": 1}, {"kty": "oct", "k": base64url.encode_no_pad(data.secrets.K)}) == input.token }`,
		`allow if { t := io.jwt.encode_sign({"alg": "HS384"}, {"k": data.secrets.W}, {"kty": "oct", "k": base64url.encode_no_pad(data.secrets.K)}); io.jwt.verify_hs384(t, data.secrets.K); input.token }`,
		`allow if { t := io.jwt.encode_sign({"alg": "HS256"}, {"a": 1}, {"kty": "oct", "k": base64url.encode_no_pad(data.secrets.K)}); not io.jwt.verify_hs256(t, data.secrets.W); input.token }`,
	} {
		module := "package acp.authz\n" + policy
		p := bind(t, module, used(t, module, secrets))
		evaluated := 0
		for _, input := range inputs {
			want, ok := bare(t, module, nil, secrets, input)
			got := evaluate(t, p, input)
			if got.Err != nil && !got.Decision && (got.Err.Code == "builtin_failed" || got.Err.Code == seal.CodeInspected && (input.(object)["token"] == strong || strings.Contains(policy, "claims.sub == data") || strings.Contains(policy, "HS384"))) {
				continue
			}
			evaluated++
			if got.Decision != want || got.Err != nil && ok {
				t.Errorf("%s\n%v: got %v %v, on plaintext %v %v", policy, input, got.Decision, got.Err, want, ok)
			}
		}
		if evaluated < 5 {
			t.Errorf("%s\n%d evaluations", policy, evaluated)
		}
	}
}

// used are the secrets that a module names.
func used(t testing.TB, module string, secrets object) object {
	t.Helper()
	out := object{}
	for name, v := range secrets {
		if strings.Contains(module, "secrets."+name+")") || strings.Contains(module, "secrets."+name+" ") || strings.Contains(module, "secrets."+name+"}") || strings.Contains(module, "secrets."+name+",") {
			out[name] = v
		}
	}
	return out
}

// A private key that is a secret signs, and verifies what it signed.
func TestAsymmetricTokens(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	private := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if der, err = x509.MarshalPKIXPublicKey(&key.PublicKey); err != nil {
		t.Fatal(err)
	}
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	p := bind(t, `package acp.authz
signed := io.jwt.encode_sign_raw("{\"alg\":\"ES256\"}", "{\"sub\":\"ada\"}", data.secrets.PRIVATE)
allow if {
	io.jwt.verify_es256(signed, data.secrets.PUBLIC)
	not io.jwt.verify_es256(input.token, data.secrets.PUBLIC)
}
output := {"token": signed}`, object{"PRIVATE": sealtest.Secret{Value: private}, "PUBLIC": public})
	got := evaluate(t, p, object{"token": token(`{"alg":"ES256"}`, `{}`, "x")})
	if !got.Decision || got.Err != nil {
		t.Errorf("%+v %v", got, got.Err)
	}
	if text, _ := json.Marshal(got.Output); !strings.Contains(string(text), ".***") {
		t.Errorf("the signature comes out: %s", text)
	}
}
