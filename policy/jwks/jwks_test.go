package jwks_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reticent/reticent/policy/jwks"
	"github.com/reticent/reticent/secretstore/signing"
)

// ed is the example key of RFC 8037 appendix A.2, and signed the token of its
// appendix A.4.
const (
	ed     = `{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	signed = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)

func set(keys ...string) []byte { return []byte(`{"keys": [` + strings.Join(keys, ",") + `]}`) }

func with(key, members string) string { return strings.TrimSuffix(key, "}") + ", " + members + "}" }

func TestVerify(t *testing.T) {
	for name, c := range map[string]struct {
		keys           []byte
		algorithm, kid string
		want           bool
	}{
		"alone":                       {set(ed), "EdDSA", "", true},
		"with an id that no key has":  {set(ed), "EdDSA", "k", true},
		"with its id":                 {set(with(ed, `"kid": "k"`)), "EdDSA", "k", true},
		"with another's id":           {set(with(ed, `"kid": "k"`)), "EdDSA", "l", false},
		"as another algorithm":        {set(ed), "ES256", "", false},
		"as none":                     {set(ed), "none", "", false},
		"as one that is not known":    {set(ed), "x", "", false},
		"as HMAC":                     {set(ed), "HS256", "", false},
		"behind others":               {set(`{"kty": "new"}`, with(ed, `"use": "enc"`), ed), "EdDSA", "", true},
		"of a key with its algorithm": {set(with(ed, `"alg": "EdDSA"`)), "EdDSA", "", true},
	} {
		keys, err := jwks.Parse(c.keys)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		token, ok := signing.ParseToken(signed)
		if !ok {
			t.Fatal("the token of RFC 8037 cannot be read")
		}
		token.Header.Algorithm, token.Header.KeyID = c.algorithm, c.kid
		if got := keys.Verify(token); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
		token.Signature[0] ^= 1
		if keys.Verify(token) {
			t.Errorf("%s: a wrong signature", name)
		}
	}
}

// A key that signs is nobody's to write into a policy, and no error repeats it.
func TestParseRefuses(t *testing.T) {
	const d = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
	many := make([]string, jwks.MaxKeys+1)
	for i := range many {
		many[i] = ed
	}
	for name, text := range map[string][]byte{
		"no JSON":              []byte(d),
		"no set":               []byte(`["` + d + `"]`),
		"nothing":              set(),
		"a private key":        set(with(ed, `"d": "`+d+`"`)),
		"one among others":     set(ed, with(ed, `"d": "`+d+`"`)),
		"a symmetric key":      set(`{"kty": "oct", "k": "` + d + `"}`),
		"for encryption only":  set(with(ed, `"use": "enc"`)),
		"of another algorithm": set(with(ed, `"alg": "ES256"`)),
		"too many":             set(many...),
		"too large":            []byte(strings.Repeat(" ", jwks.MaxBytes+1)),
		"a key of small order": set(`{"kty": "OKP", "crv": "Ed25519", "x": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`),
		"a small RSA key":      set(`{"kty": "RSA", "n": "` + strings.Repeat("u", 171) + `", "e": "AQAB"}`),
	} {
		if _, err := jwks.Parse(text); err == nil || strings.Contains(err.Error(), d) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(set(ed))
	f.Add(set(`{"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": 7}`))
	f.Add(set(`{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}`))
	f.Fuzz(func(_ *testing.T, text []byte) {
		keys, err := jwks.Parse(text)
		if err == nil {
			token, _ := signing.ParseToken(signed)
			keys.Verify(token)
		}
	})
}

// host answers fetches.
type host struct {
	mu      sync.Mutex
	answer  []byte
	err     error
	fetched int
}

func (h *host) fetch(ctx context.Context, url string) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fetched++
	if _, bounded := ctx.Deadline(); !bounded || url != "https://idp.example/keys" {
		return nil, fmt.Errorf("asked for %s", url)
	}
	return h.answer, h.err
}

func (h *host) set(answer []byte, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer, h.err = answer, err
}

// A set is fetched in the background, again and again; it is used as it was for
// a while when it cannot be, and is not there before the first time.
func TestCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{err: errors.New("the host is down")}
		c := jwks.NewCache(jwks.Config{Fetch: h.fetch, Log: slog.New(slog.DiscardHandler)})
		defer c.Close()
		keys := c.Source("https://idp.example/keys")
		same := c.Source("https://idp.example/keys")
		synctest.Wait()
		if keys() != nil || h.fetched != 1 {
			t.Errorf("before it was fetched: %v, after %d", keys(), h.fetched)
		}
		h.set(set(ed), nil)
		time.Sleep(jwks.RetryEvery)
		synctest.Wait()
		first := keys()
		if first == nil || same() != first {
			t.Fatal("it is not there after it was fetched")
		}
		h.set(set(ed), nil)
		time.Sleep(jwks.RefreshEvery)
		synctest.Wait()
		second := keys()
		if second == nil || second == first {
			t.Error("it was not fetched again")
		}
		for _, answer := range []struct {
			body []byte
			err  error
		}{{nil, errors.New("down")}, {[]byte("<html>"), nil}, {set(), nil}} {
			h.set(answer.body, answer.err)
			time.Sleep(jwks.RefreshEvery)
			synctest.Wait()
			if keys() != second {
				t.Errorf("%s, %v: it was not used as it was", answer.body, answer.err)
			}
		}
		time.Sleep(jwks.MaxStale)
		if keys() != nil {
			t.Error("it is used for longer than MaxStale")
		}
	})
}

func TestCacheClosesAndIsBounded(t *testing.T) {
	c := jwks.NewCache(jwks.Config{Log: slog.New(slog.DiscardHandler), Fetch: func(ctx context.Context, _ string) ([]byte, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	for i := range jwks.MaxURLs + 10 {
		if c.Source(fmt.Sprint("https://idp.example/", i))() != nil {
			t.Fatal("keys from nowhere")
		}
	}
	c.Close()
	if c.Source("https://another.example/")() != nil {
		t.Fatal("keys from nowhere")
	}
}
