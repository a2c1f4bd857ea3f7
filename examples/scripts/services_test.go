package scripts_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// services are the examples that ask other services, or look at credentials.
var services = map[string]func(*world){
	"api-keys":            apiKeys,
	"aws-sigv4":           awsSigV4,
	"azure-sharedkey":     azureSharedKey,
	"feature-flags":       featureFlags,
	"forgerock-systemenv": forgerockSystemEnv,
	"http-signature":      httpSignature,
	"lodash-claims":       lodashClaims,
	"magic-link":          magicLink,
	"risk-score":          riskScore,
	"standard-webhooks":   standardWebhooks,
	"typescript-limits":   typescriptLimits,
}

// structure gives the value of a secret that is JSON.
func (x *world) structure(name string, value any, leaves ...string) {
	raw, err := json.Marshal(value)
	if err != nil {
		x.t.Fatal(err)
	}
	x.environment[name] = string(raw)
	for i, leaf := range leaves {
		x.hide(fmt.Sprint(name, " ", i), leaf)
	}
}

func apiKeys(x *world) {
	old, fresh, other := rand.Text(), rand.Text(), rand.Text()
	x.structure("PARTNER_KEYS", input{"acme": list{old, fresh}, "globex": list{other}}, old, fresh, other)
	x.apply()
	as := func(key string) input { return input{"headers": input{"x-api-key": key}} }
	x.run(as(old), `{"allowed": true, "partner": "acme"}`)
	x.run(as(fresh), `{"allowed": true, "partner": "acme"}`)
	x.run(as(other), `{"allowed": true, "partner": "globex"}`)
	x.run(as(other[1:]), `{"allowed": false}`)
}

func awsSigV4(x *world) {
	id, key := "AKIA"+rand.Text()[:16], rand.Text()+"/+"+rand.Text()
	x.structure("AWS_CREDENTIALS", input{"accessKeyId": id, "secretAccessKey": key}, id, key)
	x.host("dynamodb.eu-central-1.amazonaws.com", func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		if want := sigV4(r, raw, id, key); r.Header.Get("Authorization") != want {
			reply(w, 400, `{"__type": "InvalidSignatureException", "message": "it should be `+want+`"}`)
			return
		}
		if string(raw) != `{"TableName":"users","Key":{"id":{"S":"ada"}}}` {
			reply(w, 200, `{}`)
			return
		}
		reply(w, 200, `{"Item": {"plan": {"S": "enterprise"}, "seats": {"N": "250"}}}`)
	})
	x.apply()
	x.run(input{"user": "ada"}, `{"plan": "enterprise", "seats": 250}`)
	x.run(input{"user": "żółw"}, `{"plan": "free", "seats": 0}`)
}

// sigV4 gives the header that AWS would compute of a request.
func sigV4(r *http.Request, body []byte, id, key string) string {
	names := []string{"content-type", "host", "x-amz-date", "x-amz-target"}
	canonical := r.Method + "\n" + r.URL.Path + "\n\n"
	for _, name := range names {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		canonical += name + ":" + value + "\n"
	}
	sum := sha256.Sum256(body)
	canonical += "\n" + strings.Join(names, ";") + "\n" + hex.EncodeToString(sum[:])
	at := r.Header.Get("X-Amz-Date")
	scope := at[:8] + "/eu-central-1/dynamodb/aws4_request"
	sum = sha256.Sum256([]byte(canonical))
	signing := "AWS4" + key
	for _, part := range strings.Split(scope, "/") {
		signing = string(mac(sha256.New, signing, part))
	}
	return fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s", id, scope, strings.Join(names, ";"),
		hexMAC(signing, "AWS4-HMAC-SHA256\n"+at+"\n"+scope+"\n"+hex.EncodeToString(sum[:])))
}

// base64Key makes a key whose base64 is the secret.
func (x *world) base64Key(name string) []byte {
	key := []byte(rand.Text() + rand.Text())
	x.hide(name+", decoded", string(key))
	x.secret(name, base64.StdEncoding.EncodeToString(key))
	return key
}

func azureSharedKey(x *world) {
	key := x.base64Key("AZURE_STORAGE_KEY")
	x.host("acmesecurity.blob.core.windows.net", func(w http.ResponseWriter, r *http.Request) {
		text := "GET" + strings.Repeat("\n", 12) + "x-ms-date:" + r.Header.Get("x-ms-date") + "\nx-ms-version:2021-08-06\n/acmesecurity/lists/blocked.json"
		if at, err := http.ParseTime(r.Header.Get("x-ms-date")); err != nil || time.Since(at).Abs() > time.Minute ||
			r.Header.Get("Authorization") != "SharedKey acmesecurity:"+base64.StdEncoding.EncodeToString(mac(sha256.New, string(key), text)) {
			w.Header().Set("x-ms-error-code", "AuthenticationFailed")
			reply(w, 403, "")
			return
		}
		reply(w, 200, `{"emails": ["eve@example.com"]}`)
	})
	x.apply()
	x.run(input{"email": "Eve@example.com"}, `{"blocked": true}`)
	x.run(input{"email": "ada@example.com"}, `{"blocked": false}`)
}

func standardWebhooks(x *world) {
	key := x.base64Key("WEBHOOK_SECRET")
	x.apply()
	const body = `{"type":"user.created","data":{"id":"u1"}}`
	signed := func(key string) input {
		at := fmt.Sprint(time.Now().Unix())
		return input{"body": body, "headers": input{"webhook-id": "msg_1", "webhook-timestamp": at,
			"webhook-signature": "v1a,x v1," + base64.StdEncoding.EncodeToString(mac(sha256.New, key, "msg_1."+at+"."+body))}}
	}
	x.run(signed(string(key)), body)
	x.fails(signed(base64.StdEncoding.EncodeToString(key)), "script_error", "no matching signature found")
}

func featureFlags(x *world) {
	key := x.secret("FLAGS_SDK_KEY", rand.Text())
	var asked atomic.Int64
	x.host("flags.example.com", func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.Header.Get("X-Sdk-Key") != key {
			reply(w, 401, `{}`)
			return
		}
		reply(w, 200, `{"flags": {"beta": {"enabled": true, "groups": ["staff"]}, "all": {"enabled": true, "percentage": 100}, "none": {"enabled": true, "percentage": 0}}}`)
	})
	x.apply()
	x.run(input{"user": "ada", "groups": list{"staff"}}, `{"beta": true, "all": true, "none": false}`)
	x.run(input{"user": "bob"}, `{"beta": false, "all": true, "none": false}`)
	if n := asked.Load(); n != 1 {
		x.t.Errorf("the flags were fetched %d times, want once", n)
	}
}

func forgerockSystemEnv(x *world) {
	key := x.secret("VERIFY_API_KEY", rand.Text())
	x.host("verify.example.com", func(w http.ResponseWriter, r *http.Request) {
		sent := reads[struct{ Number, Brand string }](x, r)
		if r.URL.Path != "/v2/verifications" || r.Header.Get("Authorization") != "Bearer "+key || sent.Brand != "Example" || sent.Number != "+15550123" {
			reply(w, 422, `{}`)
			return
		}
		reply(w, 202, `{}`)
	})
	x.apply()
	x.run(input{"number": "+15550123", "attempts": 4}, `{"outcome": "true"}`)
	x.run(input{"number": "+1", "attempts": 0}, `{"outcome": "false"}`)
	x.run(input{"number": "+15550123", "attempts": 5}, `{"outcome": "locked"}`)
}

func httpSignature(x *world) {
	key := x.secret("PAYMENTS_SIGNING_KEY", rand.Text())
	x.host("payments.example.com", func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		sum := sha256.Sum256(raw)
		params, _ := strings.CutPrefix(r.Header.Get("Signature-Input"), "sig1=")
		base := "\"@method\": POST\n\"@authority\": " + r.Host + "\n\"@path\": " + r.URL.Path + "\n\"x-content-sha256\": " + hex.EncodeToString(sum[:]) +
			"\n\"@signature-params\": " + params
		want := "sig1=:" + base64.StdEncoding.EncodeToString(mac(sha256.New, key, base)) + ":"
		if !strings.Contains(params, `keyid="authorization-server-1";alg="hmac-sha256"`) || r.Header.Get("Signature") != want {
			reply(w, 401, `{"should": "`+want+`"}`)
			return
		}
		w.Header().Set("Location", "/v1/mandates/m42")
		reply(w, 201, `{}`)
	})
	x.apply()
	x.run(input{"user": "ada", "limit": 100}, `{"mandate": "m42"}`)
}

func lodashClaims(x *world) {
	key := rand.Text()
	x.structure("PARTNER", input{"client": "client-of-acme-" + key[:8], "key": key}, key)
	x.apply()
	given := func(key string) input {
		return input{
			"partners": list{input{"credentials": input{"client": "x", "key": "y"}}, input{"credentials": input{"client": "client-of-acme-" + key[:8], "key": key},
				"defaults": input{"userType": "b2b"}}},
			"claims":       input{"email": "a@b.example", "ssn": "no", "address": input{"country": "CH", "zip": "1"}},
			"entitlements": list{input{"type": "app", "id": 2}, input{"type": "app", "id": 1}},
		}
	}
	x.run(given(key), `{"known": true, "claims": {"user_type": "b2b", "email": "a@b.example", "address": {"country": "CH"}}, "byType": {"app": [1, 2]}}`)
	x.run(given(key[:25]+"?"), `{"known": false}`)
}

func magicLink(x *world) {
	x.secret("MAGIC_LINK_KEY", rand.Text())
	server := x.secret("POSTMARK_TOKEN", rand.Text())
	links := make(chan string, 1)
	x.host("api.postmarkapp.com", func(w http.ResponseWriter, r *http.Request) {
		mail := reads[struct{ To, TextBody string }](x, r)
		if r.Header.Get("X-Postmark-Server-Token") != server || mail.To != "ada@example.com" {
			reply(w, 401, `{}`)
			return
		}
		links <- mail.TextBody
		reply(w, 200, `{"Message": "OK", "echo": "`+mail.TextBody+`"}`)
	})
	x.apply()
	x.run(input{"email": "ada@example.com"}, `{"sent": true}`)
	_, token, _ := strings.Cut(<-links, "token=")
	payload, signature, _ := strings.Cut(token, ".")
	if want := base64.RawURLEncoding.EncodeToString(mac(sha256.New, x.environment["MAGIC_LINK_KEY"], payload)); signature != want {
		x.t.Errorf("the link has the signature %s, want %s", signature, want)
	}
	x.run(input{"token": token}, `{"signed_in": true, "email": "ada@example.com"}`)
	other := base64.RawURLEncoding.EncodeToString([]byte(`{"email":"eve@example.com","exp":9999999999999}`))
	x.run(input{"token": other + "." + signature}, `{"signed_in": false, "reason": "forged"}`)
	expired := base64.RawURLEncoding.EncodeToString([]byte(`{"email":"ada@example.com","exp":1}`))
	x.run(input{"token": expired + "." + base64.RawURLEncoding.EncodeToString(mac(sha256.New, x.environment["MAGIC_LINK_KEY"], expired))},
		`{"signed_in": false, "reason": "expired"}`)
}

func riskScore(x *world) {
	key := x.secret("RISK_API_KEY", rand.Text())
	x.host("risk.example.com", func(w http.ResponseWriter, r *http.Request) {
		sent := reads[struct{ User, IP string }](x, r)
		switch {
		case r.Header.Get("Authorization") != "ApiKey "+key:
			reply(w, 401, `{}`)
		case sent.User == "slow":
			<-r.Context().Done() // until the script has had enough
		default:
			reply(w, 200, fmt.Sprintf(`{"score": %d}`, slices.Index([]string{"ada", "bob", "eve"}, sent.User)*45))
		}
	})
	x.apply()
	x.run(input{"user": "ada"}, `{"score": 0, "source": "service", "action": "allow"}`)
	x.run(input{"user": "bob"}, `{"score": 45, "source": "service", "action": "mfa"}`)
	x.run(input{"user": "eve"}, `{"score": 90, "source": "service", "action": "deny"}`)
	x.run(input{"user": "slow", "known_device": true}, `{"score": 40, "source": "fallback", "action": "mfa"}`)
}

func typescriptLimits(x *world) {
	key := x.secret("BILLING_KEY", rand.Text())
	x.host("billing.example.com", func(w http.ResponseWriter, r *http.Request) {
		customer := strings.TrimPrefix(r.URL.Path, "/contracts/")
		switch {
		case r.Header.Get("X-Signature") != hexMAC(key, customer):
			reply(w, 401, `{}`)
		case customer == "late":
			reply(w, 200, `{"status": "suspended", "limit": 1000}`)
		default:
			reply(w, 200, `{"status": "active", "limit": 1000}`)
		}
	})
	x.apply()
	x.run(input{"customer": "acme", "amount": 1000, "currency": "USD"}, `{"approved": true, "remaining": 100}`)
	x.run(input{"customer": "acme", "amount": 1001, "currency": "EUR"}, `{"approved": false, "reason": "over the limit"}`)
	x.run(input{"customer": "late", "amount": 1, "currency": "EUR"}, `{"approved": false, "reason": "the contract is suspended"}`)
}
