package scripts_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// oauth are the examples that get, make and check tokens.
var oauth = map[string]func(*world){
	"google-service-account":   googleServiceAccount,
	"jwks-partner-token":       jwksPartnerToken,
	"jwt-bearer-grant":         jwtBearerGrant,
	"jwt-session":              jwtSession,
	"oauth-client-credentials": oauthClientCredentials,
	"token-refresh":            tokenRefresh,
}

func oauthClientCredentials(x *world) {
	secret := x.secret("CRM_CLIENT_SECRET", rand.Text())
	token := x.hide("the access token", rand.Text()+"."+rand.Text())
	var grants atomic.Int64
	x.host("login.example.com", func(w http.ResponseWriter, r *http.Request) {
		client, password, _ := r.BasicAuth()
		if r.URL.Path != "/oauth2/token" || client != "authorization-server" || password != secret || r.PostFormValue("grant_type") != "client_credentials" {
			reply(w, 401, `{"error": "invalid_client"}`)
			return
		}
		grants.Add(1)
		reply(w, 200, `{"token_type": "Bearer", "expires_in": 300, "access_token": "`+token+`"}`)
	})
	x.host("crm.example.com", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token || r.URL.Path != "/contacts/ada+work@example.org" {
			reply(w, 401, `{"error": "`+r.Header.Get("Authorization")+`"}`)
			return
		}
		reply(w, 200, `{"tier": "gold", "account_id": 42}`)
	})
	x.apply()
	for range 3 {
		x.run(input{"email": "ada+work@example.org"}, `{"tier": "gold", "account": 42}`)
	}
	if n := grants.Load(); n != 1 {
		x.t.Errorf("there were %d tokens, want one", n)
	}
	x.fails(input{"email": "eve"}, "script_error", "the CRM answered 401") // which forgets the token
	x.run(input{"email": "ada+work@example.org"}, `{"tier": "gold", "account": 42}`)
	if n := grants.Load(); n != 2 {
		x.t.Errorf("there were %d tokens, want two", n)
	}
}

func tokenRefresh(x *world) {
	x.project = "calendar"
	refresh := x.secret("CALENDAR_REFRESH_TOKEN", rand.Text())
	var mu sync.Mutex
	access := ""
	x.host("accounts.example.com", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.PostFormValue("grant_type") != "refresh_token" || r.PostFormValue("client_id") != "authorization-server" || r.PostFormValue("refresh_token") != refresh {
			reply(w, 400, `{"error": "invalid_grant"}`)
			return
		}
		refresh = x.hide("a refresh token", rand.Text()) // the old one is worth nothing any more
		access = x.hide("an access token", rand.Text())
		reply(w, 200, `{"token_type": "Bearer", "access_token": "`+access+`", "refresh_token": "`+refresh+`"}`)
	})
	x.host("calendar.example.com", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Header.Get("Authorization") != "Bearer "+access || r.URL.Path != "/v1/users/ada/on-call" {
			reply(w, 401, `{"error": "invalid_token"}`)
			return
		}
		reply(w, 200, `{"on_call": true}`)
	})
	x.apply()
	x.run(input{"user": "ada"}, `{"on_call": true}`)
	x.run(input{"user": "ada"}, `{"on_call": true}`)
}

// rsaKey makes a private key as PEM, whose lines nobody must see.
func (x *world) rsaKey() (*rsa.PrivateKey, string) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		x.t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		x.t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	for i, line := range strings.Split(text, "\n")[2:26] {
		x.hide(fmt.Sprintf("line %d of the key", i), line)
	}
	return key, text
}

// checked gives the claims of a token that a key signed by RS256.
func (x *world) checked(key *rsa.PublicKey, token string) (header, claims map[string]any) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		x.t.Errorf("the token has %d parts", len(parts))
		return nil, nil
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err == nil {
		err = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
	}
	for i, into := range []*map[string]any{&header, &claims} {
		raw, e := base64.RawURLEncoding.DecodeString(parts[i])
		err = errors.Join(err, e, json.Unmarshal(raw, into))
	}
	if err != nil {
		x.t.Errorf("the token is wrong: %v", err)
	}
	return header, claims
}

// soon reports whether a time claim is at most so far from now.
func soon(claim any, within time.Duration) bool {
	seconds, ok := claim.(float64)
	return ok && time.Until(time.Unix(int64(seconds), 0)).Abs() <= within
}

func jwtBearerGrant(x *world) {
	key, text := x.rsaKey()
	x.environment["ASSERTION_KEY"] = text
	token := x.hide("the access token", rand.Text())
	x.host("login.partner.example", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/services/oauth2/userinfo" && r.Header.Get("Authorization") == "Bearer "+token {
			reply(w, 200, `{"organization_id": "00D1", "user_type": "STANDARD"}`)
			return
		}
		header, claims := x.checked(&key.PublicKey, r.PostFormValue("assertion"))
		if r.PostFormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" || header["kid"] != "2026-01" ||
			claims["iss"] != "3MVG9.authorization-server" || claims["aud"] != x.at("https://login.partner.example") || !soon(claims["exp"], 4*time.Minute) {
			reply(w, 400, `{"error": "invalid_client", "error_description": "the assertion is wrong"}`)
			return
		}
		if claims["sub"] != "ada@example.com" {
			reply(w, 400, `{"error": "invalid_grant", "error_description": "user hasn't approved this consumer", "access_token": ""}`)
			return
		}
		reply(w, 200, `{"token_type": "Bearer", "access_token": "`+token+`"}`)
	})
	x.apply()
	x.run(input{"user": "ada@example.com"}, `{"organization_id": "00D1", "user_type": "STANDARD"}`)
	x.fails(input{"user": "eve@example.com"}, "script_error", "user hasn't approved this consumer")
}

func googleServiceAccount(x *world) {
	key, text := x.rsaKey()
	file, err := json.Marshal(map[string]string{"type": "service_account", "client_email": "groups@acme.iam.gserviceaccount.com", "private_key": text})
	if err != nil {
		x.t.Fatal(err)
	}
	x.environment["GOOGLE_KEY_FILE"] = string(file)
	token := x.hide("the access token", "ya29."+rand.Text())
	x.host("oauth2.googleapis.com", func(w http.ResponseWriter, r *http.Request) {
		_, claims := x.checked(&key.PublicKey, r.PostFormValue("assertion"))
		if r.URL.Path != "/token" || claims["iss"] != "groups@acme.iam.gserviceaccount.com" || claims["aud"] != x.at("https://oauth2.googleapis.com/token") ||
			claims["scope"] != "https://www.googleapis.com/auth/admin.directory.group.readonly" || !soon(claims["iat"], time.Minute) {
			reply(w, 401, `{"error": "invalid_grant"}`)
			return
		}
		reply(w, 200, `{"access_token": "`+token+`", "expires_in": 3599, "token_type": "Bearer"}`)
	})
	x.host("admin.googleapis.com", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token || r.URL.Query().Get("userKey") != "ada@example.com" {
			reply(w, 401, `{}`)
			return
		}
		reply(w, 200, `{"groups": [{"email": "eng@example.com"}, {"email": "all@example.com"}]}`)
	})
	x.apply()
	x.run(input{"email": "ada@example.com"}, `{"groups": ["eng@example.com", "all@example.com"]}`)
}

func jwksPartnerToken(x *world) {
	key, _ := x.rsaKey()
	var fetched atomic.Int64
	x.host("id.partner.example", func(w http.ResponseWriter, r *http.Request) {
		fetched.Add(1)
		reply(w, 200, fmt.Sprintf(`{"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "p1", "e": "AQAB", "n": %q}]}`,
			base64.RawURLEncoding.EncodeToString(key.N.Bytes())))
	})
	x.apply()
	token := func(key *rsa.PrivateKey, audience string, exp time.Time) input {
		signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"p1"}`)) + "." + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil,
			`{"iss":%q,"aud":%q,"sub":"7","email":"ada@partner.example","email_verified":true,"exp":%d}`, x.at("https://id.partner.example/"), audience, exp.Unix()))
		sum := sha256.Sum256([]byte(signed))
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		if err != nil {
			x.t.Fatal(err)
		}
		return input{"token": signed + "." + base64.RawURLEncoding.EncodeToString(signature)}
	}
	other, _ := x.rsaKey()
	in := time.Now().Add(time.Minute)
	x.run(token(key, "our-client-id", in), `{"user": "partner|7", "email": "ada@partner.example"}`)
	x.run(token(other, "our-client-id", in), `{"error": "JsonWebTokenError", "message": "invalid signature"}`)
	x.run(token(key, "another", in), `{"error": "JsonWebTokenError", "message": "jwt audience invalid. expected: our-client-id"}`)
	x.run(token(key, "our-client-id", time.Now().Add(-time.Hour)), `{"error": "TokenExpiredError", "message": "jwt expired"}`)
	if n := fetched.Load(); n != 1 {
		x.t.Errorf("the keys were fetched %d times, want once", n)
	}
}

func jwtSession(x *world) {
	key := x.secret("SESSION_KEY", rand.Text())
	x.apply()
	a := x.answerOf("/v1/scripts/jwt-session/run", input{"input": input{"action": "issue", "user": "ada", "role": "admin"}})
	out, _ := a.Output.(map[string]any)
	token, _ := out["token"].(string)
	signed, signature, _ := cutLast(token, ".")
	if signature != base64.RawURLEncoding.EncodeToString(mac(sha256.New, key, signed)) {
		x.t.Errorf("the token %s is not signed with the key", token)
	}
	x.run(input{"token": token}, `{"active": true, "sub": "ada", "role": "admin"}`)
	x.run(input{"token": signed + "." + base64.RawURLEncoding.EncodeToString(mac(sha256.New, "another", signed))}, `{"active": false, "reason": "invalid signature"}`)
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + strings.TrimPrefix(signed, strings.Split(signed, ".")[0]) + "."
	x.run(input{"token": none}, `{"active": false, "reason": "jwt signature is required"}`)
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}
