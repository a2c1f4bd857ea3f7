package host

import (
	"encoding/json"
	"testing"

	"github.com/dop251/goja"
)

// describe tells two values apart as a script could.
var describe = goja.MustCompile("describe.js", `(function describe(v) {
	if (v === null || typeof v !== 'object') return typeof v + ':' + (Object.is(v, -0) ? '-0' : String(v))
	const own = Object.getOwnPropertyDescriptors(v)
	return (Array.isArray(v) ? 'array' : 'object') + ':' + (Object.getPrototypeOf(v) === (Array.isArray(v) ? Array : Object).prototype) +
		'{' + Reflect.ownKeys(own).map(k => JSON.stringify(k) + (own[k].writable + 2*own[k].enumerable + 4*own[k].configurable) + describe(own[k].value)).join() + '}'
})`, true)

// FuzzReadJSON holds readJSON to the engine's own JSON.parse.
func FuzzReadJSON(f *testing.F) {
	for _, seed := range []string{`{}`, `[]`, `null`, `true`, `"a\u00e9\ud83d\ude00\n"`, `-0`, `0.1`, `1e21`, `9007199254740993`, `1e999`,
		`{"__proto__":{"a":1},"b":[1,"2",null,false,{"c":[]}]}`, `{"constructor":1,"2":1,"1":2,"a":3}`, `{"a":1,"a":2}`, `[[[[]]]]`,
		`{"":"","é":"日本"}`, `"\ud800"`, ` [1 , 2 ] `, `[1,]`, `{"a"}`, `{"a":1`, `[1]2`, "\"\xff\"", `"` + "\t" + `"`} {
		f.Add([]byte(seed))
	}
	h := New()
	fn, err := h.vm.RunProgram(describe)
	if err != nil {
		f.Fatal(err)
	}
	tell, _ := goja.AssertFunction(fn)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			if v, err := h.readJSON(raw); err == nil && v == nil {
				t.Fatal("neither a value nor an error")
			}
			return
		}
		want, wantErr := h.json().parse(goja.Undefined(), h.vm.ToValue(string(raw)))
		got, err := h.readJSON(raw)
		if err != nil || wantErr != nil {
			if (err != nil) != (wantErr != nil) {
				t.Fatalf("%q: got the error %v, JSON.parse %v", raw, err, wantErr)
			}
			return
		}
		x, err := tell(goja.Undefined(), got)
		y, err2 := tell(goja.Undefined(), want)
		if err != nil || err2 != nil {
			return // nested deeper than describe may call itself
		}
		if x.String() != y.String() {
			t.Errorf("%q:\n got %s\nwant %s", raw, x, y)
		}
	})
}

func BenchmarkReadJSON(b *testing.B) {
	raw := []byte(`{"user":{"id":"alice","roles":["guest","editor","admin"]},"request":{"method":"GET","path":"/v1/orders","headers":{"X-Api-Key":"sk_live_51Hq8ZkT0xVbN3mR7","Accept":"application/json"}}}`)
	h := New()
	b.Run("engine", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = h.json().parse(goja.Undefined(), h.vm.ToValue(string(raw)))
		}
	})
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = h.readJSON(raw)
		}
	})
}
