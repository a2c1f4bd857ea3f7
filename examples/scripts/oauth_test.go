package scripts_test

import (
	"crypto/rand"
	"net/http"
	"sync"
	"sync/atomic"
)

// oauth are the examples that get tokens from authorization servers.
var oauth = map[string]func(*world){
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
