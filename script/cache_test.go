package script

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// cachedRun runs a body under the identity of a stored script.
func cachedRun(t *testing.T, e *Engine, set *seal.Set, cacheID, body, input string) Result {
	t.Helper()
	return e.Run(t.Context(), Run{CacheID: cacheID, Name: "cached", Source: Source{Language: JavaScript, Source: head + body + "\n}"},
		Seal: set.NewRun(seal.Options{Principal: "test"}), Input: json.RawMessage(input)})
}

func TestCache(t *testing.T) {
	for name, cfg := range map[string]Config{"worker": {Workers: 1, Limits: patient}, "in process": {InProcess: true, Limits: patient}} {
		e := engine(t, cfg)
		set := sealtest.Set(t, secretsOfTests)
		const S, D = "context.secrets.API_KEY", "context.secrets.DB.password"
		for i, c := range []struct{ id, body, want string }{
			{"a", "return typeof context.cache.get('k')", `"undefined"`},
			{"a", "context.cache.set('k', {n: [1, null, 'x'], bearer: 'Bearer ' + " + S + ", basic: btoa('u:' + " + D + ")}); return 1", "1"},
			{"a", "const c = context.cache.get('k'); return [c.n, c.bearer === 'Bearer ' + " + S + ", c.bearer === 'Bearer x', c.basic === 'dTp4', c]",
				`[[1,null,"x"],true,false,false,{"basic":"***","bearer":"Bearer ***","n":[1,null,"x"]}]`},
			// Which encoding it was is not known any more.
			{"a", "return context.cache.get('k').basic === btoa('u:' + " + D + ")", "sealed_secret_inspected"},
			{"b", "return [context.cache.get('k'), " + S + "]", `[null,"***"]`}, // another version, or another scope
			{"", "context.cache.set('k', 1); const v = context.cache.get('k'); return [v, " + S + "]", `[1,"***"]`},
			{"", "return [context.cache.get('k')," + S + "]", `[null,"***"]`},
			{"a", "context.cache.delete('k'); context.cache.delete('k'); return context.cache.get('k') === undefined", "true"},
			{"a", "context.cache.set('null', null); return context.cache.get('null')", "null"},
			// A value that was plain when it was kept is sealed as any input.
			{"a", "context.cache.set('plain', context.input.t); return 1", "1"},
			{"a", "return [context.cache.get('plain') === " + S + ", context.cache.get('plain')]", `[true,"***"]`},
			{"a", "context.cache.set(" + S + ", 1)", "sealed_secret_inspected"},
			{"a", "context.cache.get('x' + " + S + ")", "sealed_secret_inspected"},
			{"a", "context.cache.set('k', {['' + [" + S + "][0]]: 1})", "sealed_secret_inspected"},
			{"a", "context.cache.set('k', () => 1)", "script_error"},
			{"a", "context.cache.set('k', 1, 0)", "cache_limit"},
			{"a", "context.cache.set('k', 1, -1)", "cache_limit"},
			{"a", "context.cache.set('k', 1, NaN)", "cache_limit"},
			{"a", "context.cache.set('k', 1, 1e9)", "cache_limit"},
			{"a", "context.cache.set('k'.repeat(300), 1)", "cache_limit"},
			{"a", "context.cache.set('k', 'x'.repeat(5e6))", "cache_limit"},
			{"a", "context.cache.x = 1; return typeof context.cache.x", "script_error"},
			{"a", "return [Object.keys(context), Object.keys(context.cache), 'get' in context.cache, delete context.cache.get]", `[["input","variables","cache","keys","secrets"],[],true,false]`},
		} {
			input := `{"t":"sk_live_4242424242abcdef"}`
			got := cachedRun(t, e, set, c.id, c.body, input)
			s := asJSON(t, got.Output)
			if got.Error != nil {
				s = string(got.Error.Code)
			}
			if s != c.want {
				t.Errorf("%s: %d %s: %s %v, want %s", name, i, c.body, s, got.Error, c.want)
			}
			if strings.Contains(asJSON(t, got), "sk_live_42") {
				t.Errorf("%s: %s: the secret came out", name, c.body)
			}
		}
		// A secret that is gone takes what was made of it along.
		cachedRun(t, e, set, "g", "context.cache.set('k', 'x' + "+S+"); context.cache.set('p', 'plain')", "{}")
		gone := sealtest.Set(t, map[string]any{"API_KEY": nil})
		got := cachedRun(t, e, gone, "g", "const s = context.secrets.get('API_KEY'); return [s, context.cache.get('k'), context.cache.get('p')]", "{}")
		if s := asJSON(t, got.Output); s != `[null,null,"plain"]` {
			t.Errorf("%s: %s %v", name, s, got.Error)
		}
	}
}

// TestCacheIsBounded fills caches: what was used longest ago goes, expired values
// too, and one script takes no room from another before all is full.
func TestCacheIsBounded(t *testing.T) {
	c := newCaches()
	now := time.Unix(0, 0)
	c.now = func() time.Time { return now }
	run := sealtest.Set(t, map[string]any{"S": "a-secret-of-this-test-77"}).NewRun(seal.Options{})
	parked := func(v any) *seal.Parked {
		p, err := run.Park(v)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	set := func(id, key string, v any, ttl time.Duration) {
		t.Helper()
		if err := c.set(id, key, parked(v), ttl); err != nil {
			t.Fatal(err)
		}
	}
	set("other", "k", "v", time.Hour)
	set("a", "first", "v", time.Minute)
	for i := range MaxCacheEntries {
		c.get("a", "first")
		set("a", fmt.Sprint(i), "v", time.Hour)
	}
	if c.get("a", "first") == nil || c.get("a", "0") != nil || c.get("other", "k") == nil || len(c.byID["a"].entries) != MaxCacheEntries {
		t.Error("what was used longest ago must go, and nothing else")
	}
	now = now.Add(time.Minute)
	if c.get("a", "first") != nil || c.get("a", "1") == nil {
		t.Error("a value outlived its time")
	}
	secret, _ := run.Lookup("S")
	for i := range 100 {
		set("secrets", fmt.Sprint(i), secret, time.Hour)
	}
	if n := len(c.byID["secrets"].entries); n == 0 || n > MaxCacheBytes/seal.MaxSecretBytes {
		t.Errorf("%d secrets", n)
	}
	large := strings.Repeat("x", MaxCacheBytes-1000)
	for i := range 30 {
		set(fmt.Sprint("large", i), "k", large, time.Hour)
	}
	if c.bytes > MaxCachesBytes || c.get("large29", "k") == nil || c.get("large0", "k") != nil {
		t.Errorf("%d bytes", c.bytes)
	}
	sum := 0
	for id, of := range c.byID {
		if of.id != id || len(of.entries) == 0 || of.order.Len() != len(of.entries) {
			t.Errorf("%s is not in order", id)
		}
		for _, at := range of.entries {
			sum += at.Value.(*cached).size()
		}
	}
	if sum != c.bytes || c.used.Len() != len(c.byID) {
		t.Errorf("%d bytes are counted, %d there", c.bytes, sum)
	}
	for id, of := range c.byID {
		for key := range of.entries {
			c.delete(id, key)
		}
	}
	if c.bytes != 0 || len(c.byID) != 0 {
		t.Errorf("%d bytes are left", c.bytes)
	}
}
