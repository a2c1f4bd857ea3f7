// Command echo is the service that the quickstart's script calls. It wants a
// bearer token and answers with what it was sent, the token too: the worst that
// a service can do with a credential. It is an example and no part of the server.
package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("echo: ")
	addr := flag.String("addr", "127.0.0.1:8641", "listen on this address")
	tokenFile := flag.String("token-file", "examples/quickstart/throw-away-secrets/echo-token", "the token that it wants")
	flag.Parse()
	token, err := os.ReadFile(*tokenFile)
	if err != nil {
		log.Fatal(err)
	}
	s := &http.Server{Addr: *addr, Handler: echo(string(token)), ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second}
	log.Fatal(s.ListenAndServe())
}

// echo answers with the request, or 401 to who has not the token.
func echo(token string) http.Handler {
	want := sha256.Sum256([]byte("Bearer " + token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorization := r.Header.Get("Authorization")
		got := sha256.Sum256([]byte(authorization))
		w.Header().Set("Content-Type", "application/json")
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintln(w, `{"error": "the token is not valid"}`)
			return
		}
		answer := map[string]string{"method": r.Method, "path": r.URL.Path, "authorization": authorization}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			log.Print(err)
		}
	})
}
