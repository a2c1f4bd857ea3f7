package script

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dop251/goja"
	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/script/declaration"
	"github.com/reticent/reticent/secretstore/egress"
)

// Lines of reticent.d.ts, which has a declaration a line.
var (
	globalLine = regexp.MustCompile(`^declare (?:const|function|class) (\w+)(?:: (\w+);)?`)
	bodyLine   = regexp.MustCompile(`^(?:declare class|interface) (\w+)`)
	memberLine = regexp.MustCompile(`^  (?:readonly )?(\w+)[?]?[(:<]`)
)

// declared gives the names in reticent.d.ts: global ones, and GLOBAL.MEMBER.
func declared(text string) map[string]bool {
	members, types := map[string][]string{}, map[string]string{}
	body := ""
	for line := range strings.Lines(text) {
		if m := globalLine.FindStringSubmatch(line); m != nil {
			types[m[1]] = m[2]
			if strings.HasPrefix(line, "declare class ") {
				types[m[1]] = m[1]
			}
		}
		if m := bodyLine.FindStringSubmatch(line); m != nil {
			body = m[1]
		} else if strings.HasPrefix(line, "}") {
			body = ""
		} else if m := memberLine.FindStringSubmatch(line); m != nil && body != "" && m[1] != "constructor" {
			members[body] = append(members[body], m[1])
		}
	}
	out := map[string]bool{}
	for name, of := range types {
		out[name] = true
		for _, member := range members[of] {
			out[name+"."+member] = true
		}
	}
	for _, of := range []string{"Context", "SecretMethods", "Response"} { // what a script gets by other ways
		for _, member := range members[of] {
			out[of+"."+member] = true
		}
	}
	return out
}

// given gives the same names of what the host gives a script.
func given(t *testing.T) map[string]bool {
	url, _ := echo(t)
	client, err := egress.New(egress.Config{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	e := engine(t, Config{InProcess: true, Egress: client})
	got := run(t, e, sealRun(t, nil), `
		const out = [], members = (name, o) => { for (const m of Object.getOwnPropertyNames(o)) if (m !== 'constructor') out.push(name + '.' + m) };
		for (const name of Object.getOwnPropertyNames(globalThis)) {
			out.push(name);
			const v = globalThis[name];
			if (typeof v === 'object') members(name, v);
			if (typeof v === 'function' && v.prototype) members(name, v.prototype);
		}
		for (const name of Object.keys(context)) out.push('Context.' + name);
		for (const name of ['get', 'set']) if (typeof context.secrets[name] === 'function') out.push('SecretMethods.' + name);
		members('Response', Object.getPrototypeOf(await fetch(context.input)));
		return out;`, asJSON(t, url))
	if got.Error != nil {
		t.Fatal(got.Error)
	}
	bare := goja.New().GlobalObject()
	out := map[string]bool{"module": true, "exports": true, "require": true} // parameters, no globals
	for _, v := range got.Output.([]any) {
		name, _, _ := strings.Cut(v.(string), ".")
		if bare.Get(name) == nil {
			out[v.(string)] = true
		}
	}
	return out
}

// TestDeclarations holds reticent.d.ts to what the host gives, both ways.
func TestDeclarations(t *testing.T) {
	want := given(t)
	got := declared(declaration.Text)
	delete(got, "sealed") // the brand is a type's, no value's
	if len(want) < 50 {
		t.Errorf("only %d names were found", len(want))
	}
	if d := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); d != "" {
		t.Errorf("what the host gives (-) and script/declaration/reticent.d.ts (+) differ:\n%s", d)
	}
}
