package scripts_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// points are the examples that answer at execution points.
var points = map[string]func(*world){
	"claims-directory":          claimsDirectory,
	"cloudentity-authn-context": cloudentityAuthnContext,
	"cloudentity-idp-selection": cloudentityIDPSelection,
	"cloudentity-token-minting": cloudentityTokenMinting,
	"consent-mapping":           consentMapping,
	"idp-by-domain":             idpByDomain,
	"ip-allow-list":             ipAllowList,
	"pseudonymous-id":           pseudonymousID,
	"saml-attributes":           samlAttributes,
	"step-up-mfa":               stepUpMFA,
	"tenant-client-token":       tenantClientToken,
	"token-roles":               tokenRoles,
}

// list is a JSON array.
type list = []any

func samlAttributes(x *world) {
	x.apply()
	x.point("post_authn_ctx", "corporate-saml", input{"amr": list{"pwd"}, "authn_ctx": input{
		"email": "", "given_name": "", "groups": list{}, "saml_attributes": input{
			"urn:oid:0.9.2342.19200300.100.1.3":                               list{"Ada@Example.com"},
			"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname": "Ada",
			"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname":   "Lovelace",
			"memberOf": list{"CN=app-read,OU=x", "CN=printers,OU=x"},
		}}},
		`{"amr": ["pwd", "saml"], "authn_ctx": {"email": "ada@example.com", "given_name": "Ada", "groups": ["read"], "saml_attributes": {
			"urn:oid:0.9.2342.19200300.100.1.3": ["Ada@Example.com"],
			"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname": "Ada",
			"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname": "Lovelace",
			"memberOf": ["CN=app-read,OU=x", "CN=printers,OU=x"]}}}`)
}

func cloudentityAuthnContext(x *world) {
	x.apply()
	x.point("post_authn_ctx", "any", input{"authn_ctx": input{"email": "ada@example.com", "roles": list{}}},
		`{"authn_ctx": {"email": "ada@example.com", "roles": ["employee"]}}`)
}

func cloudentityIDPSelection(x *world) {
	x.apply()
	x.point("allowed_idp_ids", "shop", input{
		"request": input{"headers": input{"Custom-Header": list{"azure"}}, "query_params": input{"login_hint": list{"ada@okta.example"}}},
		"client":  input{"client_id": "shop"},
		"idps":    list{input{"id": "1", "name": "azure"}, input{"id": "2", "name": "okta.example"}, input{"id": "3", "name": "other"}},
	}, `{"idps_ids": ["1", "2"]}`)
}

func cloudentityTokenMinting(x *world) {
	secret := x.secret("ACP_CLIENT_SECRET", rand.Text())
	x.host("acp.example.com", func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("client_id") != "extension" || r.PostFormValue("client_secret") != secret || r.PostFormValue("grant_type") != "client_credentials" {
			reply(w, 401, `{"error": "invalid_client"}`)
			return
		}
		reply(w, 200, `{"access_token": "short-lived", "expires_in": 3600}`)
	})
	x.host("roles.example.com", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer short-lived" || r.URL.Path != "/users/ada" {
			reply(w, 401, `[]`)
			return
		}
		reply(w, 200, `["admin", "auditor"]`)
	})
	x.apply()
	x.point("token_minting", "default", input{"client": input{}, "id_token": input{"sub": "ada"}, "access_token": input{"aud": "x"}},
		`{"access_token": {"aud": "x", "myRoles": ["admin", "auditor"]}, "id_token": {"sub": "ada"}}`)
}

func idpByDomain(x *world) {
	x.apply()
	x.point("allowed_idp_ids", "shop", input{
		"request": input{"headers": input{}, "query_params": input{"login_hint": list{"ada@partner.example"}}},
		"client":  input{"client_id": "shop"},
		"idps": list{input{"id": "s", "name": "Staff directory"}, input{"id": "p", "name": "Partners", "domains": list{"partner.example"}},
			input{"id": "o", "name": "Others", "domains": list{"other.example"}}, input{"id": "g", "name": "Everybody"}},
	}, `{"idps_ids": ["p", "g"]}`)
}

func claimsDirectory(x *world) {
	key := x.secret("DIRECTORY_API_KEY", rand.Text())
	x.host("directory.example.com", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("X-Api-Key") != key || r.URL.Path != "/v2/users":
			reply(w, 403, `{}`)
		case r.URL.Query().Get("filter") == `id eq "ada"`:
			// The directory says where the key came from, and repeats it.
			reply(w, 200, `{"resources": [{"department": "`+key+`", "name": {"given": "Ada", "family": "Lovelace"}}]}`)
		case r.URL.Query().Get("filter") == `id eq "bob"`:
			reply(w, 200, `{"resources": [{"department": "R&D", "manager": {"id": "ada"}, "name": {"given": "Bob", "family": "B"}}]}`)
		default:
			reply(w, 200, `{"resources": []}`)
		}
	})
	x.apply()
	given := func(user string) input {
		return input{"client": input{}, "id_token": input{"sub": user}, "access_token": input{}}
	}
	x.point("token_minting", "x", given("bob"),
		`{"access_token": {"employee": true, "department": "R&D", "manager": "ada"}, "id_token": {"sub": "bob", "name": "Bob B"}}`)
	x.point("token_minting", "x", given("eve"), `{"access_token": {"employee": false}, "id_token": {"sub": "eve"}}`)
	// A token is no place for a mask.
	a := x.answerOf("/v1/points/token_minting/run", input{"target": "x", "context": given("ada")})
	if a.Error == nil || a.Error.Code != "secret_in_result" {
		x.t.Errorf("with a secret in a claim the error is %+v, want secret_in_result", a.Error)
	}
}

func ipAllowList(x *world) {
	x.apply()
	for at, want := range map[string]bool{"10.1.2.3 US": true, "198.51.100.127 US": true, "198.51.100.128 US": false, "203.0.113.1 IS": true, "::1 CH": false} {
		ip, country, _ := strings.Cut(at, " ")
		x.access("console", "open", input{}, input{"ip": ip, "country": country}, want)
	}
}

func stepUpMFA(x *world) {
	x.apply()
	now := time.Now().Unix()
	x.access("account", "read", input{"roles": list{"user"}}, input{}, true)
	x.access("account", "transfer", input{"roles": list{"user"}, "amr": list{"pwd"}, "auth_time": now}, input{}, false)
	x.access("account", "transfer", input{"roles": list{"user"}, "amr": list{"pwd", "otp"}, "auth_time": now}, input{}, true)
	x.access("account", "read", input{"roles": list{"admin"}, "amr": list{"mfa"}, "auth_time": now - 3600}, input{}, false)
}

// access asks AuthZEN's question.
func (x *world) access(resource, action string, subject, context input, want bool) {
	x.t.Helper()
	a := x.answerOf("/access/v1/evaluation", input{
		"subject":  input{"type": "user", "id": "ada", "properties": subject},
		"action":   input{"name": action},
		"resource": input{"type": resource, "id": "1"},
		"context":  context,
	})
	if a.Decision == nil || *a.Decision != want {
		x.t.Errorf("%s with %v and %v: the decision is %v (%s), want %v", action, subject, context, a.Decision, a.Context, want)
	}
}

func tokenRoles(x *world) {
	x.apply()
	x.point("token_minting", "x", input{
		"client": input{"metadata": input{"tier": "gold"}}, "authn_ctx": input{"groups": list{"grp-finance", "grp-it", "other"}},
		"access_token": input{"scp": list{"openid", "roles"}, "myRoles": list{"old"}}, "id_token": input{},
	}, `{"access_token": {"scp": ["openid", "roles"], "myRoles": ["invoices:read", "users:write"], "tier": "gold"}, "id_token": {}}`)
}

func tenantClientToken(x *world) {
	key := x.secret("TENANTS_KEY", rand.Text()+"+/&=")
	x.host("tenants.example.com", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("key") != key || r.URL.EscapedPath() != "/tenants/a%2Fb" {
			reply(w, 404, `{}`)
			return
		}
		reply(w, 200, `{"plan": "pro", "region": "eu"}`)
	})
	x.apply()
	x.point("client_token_minting", "shop", input{"client": input{"client_id": "shop", "metadata": input{"tenant": "a/b"}}, "access_token": input{"aud": "shop"}, "id_token": input{}},
		`{"access_token": {"tenant": "a/b", "plan": "pro", "aud": ["shop", "https://eu.api.example.com"]}, "id_token": {}}`)
}

func consentMapping(x *world) {
	token := x.secret("CONSENT_API_TOKEN", rand.Text())
	x.host("consents.example.com", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token || len(r.Header.Get("X-Fapi-Interaction-Id")) != 36 || r.URL.Path != "/account-access-consents/urn-1" {
			reply(w, 403, `{}`)
			return
		}
		reply(w, 200, `{"Data": {"Status": "Authorised", "ClientId": "tpp-1", "AccountIds": ["22289", "31820"],
			"Permissions": ["ReadBalances", "ReadTransactionsDetail", "WritePayments"], "ExpirationDateTime": "2999-05-02T00:00:00+00:00"}}`)
	})
	x.apply()
	x.point("token_minting", "openbanking", input{"consent_id": "urn-1", "client": input{"client_id": "tpp-1"}, "access_token": input{}, "id_token": input{}},
		`{"access_token": {"consent_id": "urn-1", "account_ids": ["22289", "31820"], "permissions": ["ReadBalances", "ReadTransactionsDetail"]}, "id_token": {}}`)
}

func pseudonymousID(x *world) {
	key := x.secret("PAIRWISE_KEY", rand.Text())
	x.apply()
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte("shop.example|ada"))
	sub := base64.RawURLEncoding.EncodeToString(m.Sum(nil))
	x.point("token_minting", "x", input{"client": input{"redirect_uris": list{"https://shop.example:8443/cb"}}, "access_token": input{}, "id_token": input{"sub": "ada"}},
		`{"access_token": {"sub": "`+sub+`"}, "id_token": {"sub": "`+sub+`"}}`)
}
