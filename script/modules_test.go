package script

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reticent/reticent/script/program"
	"github.com/reticent/reticent/secretstore/seal"
)

// npm gives the libraries of testdata/npm as modules, by name.
func npm(t testing.TB) map[string]Module {
	t.Helper()
	files, err := filepath.Glob("testdata/npm/*.js")
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	out := map[string]Module{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".js")
		out[name] = Module{Name: name, ID: "npm:" + name, Source: Source{Language: JavaScript, Source: string(text), Library: true}}
	}
	return out
}

// with gives a script that may require modules by their names.
func with(source string, modules ...Module) Source {
	s := Source{Language: JavaScript, Source: source, Modules: modules, Uses: map[string]int{}}
	for i, m := range modules {
		s.Uses[m.Name] = i
	}
	return s
}

func runSource(t testing.TB, e *Engine, r *seal.Run, s Source, input string) Result {
	t.Helper()
	return e.Run(t.Context(), Run{Name: "test", Source: s, Seal: r, Input: json.RawMessage(input)})
}

// TestLibraries runs libraries from npm as they are, in a program with secrets and
// in one without.
func TestLibraries(t *testing.T) {
	lib := npm(t)
	for name, e := range map[string]*Engine{"worker": engine(t, Config{Workers: 1}), "in process": engine(t, Config{InProcess: true})} {
		for _, sealed := range []bool{false, true} {
			for code, want := range map[string]string{
				"const _ = require('lodash'); return [_.camelCase('Foo bar-baz'), _.chunk([1, 2, 3], 2), _.isEqual({ a: [1] }, { a: [1] }), _.groupBy(['a', 'bb', 'c'], 'length'), _.get({ a: { b: [7] } }, 'a.b[0]'), _.VERSION]":     `["fooBarBaz",[[1,2],[3]],true,{"1":["a","c"],"2":["bb"]},7,"4.17.21"]`,
				"const _ = require('lodash'); return [_.merge({ a: { b: 1 } }, { a: { c: 2 } }), _.uniq([1, 1, 2]), _.cloneDeep({ d: [new Date(0)] }), _.sortBy([3, 1, 2]), _.words('fred, barney & pebbles'), _.escapeRegExp('a.b')]": `[{"a":{"b":1,"c":2}},[1,2],{"d":["1970-01-01T00:00:00.000Z"]},[1,2,3],["fred","barney","pebbles"],"a\\.b"]`,
				"const dayjs = require('dayjs'); dayjs.extend(require('dayjs__plugin__utc')); return dayjs.utc('2026-01-31').add(1, 'month').format('YYYY-MM-DD')":                                                                     `"2026-02-28"`,
				"const qs = require('qs'); return [qs.parse('a[b]=c&d=1'), qs.stringify({ a: ['b', 'c'] }, { arrayFormat: 'brackets', encode: false })]":                                                                               `[{"a":{"b":"c"},"d":"1"},"a[]=b\u0026a[]=c"]`,
			} {
				seals := sealRun(t, nil)
				if sealed {
					seals = sealRun(t, secretsOfTests)
				}
				source := with(head+code+"\n}", lib["lodash"], lib["dayjs"], lib["dayjs__plugin__utc"], lib["qs"])
				got := runSource(t, e, seals, source, "{}")
				if s := asJSON(t, got.Output); got.Error != nil || s != want {
					t.Errorf("%s, sealed %t: %s: %s %+v, want %s", name, sealed, code, s, got.Error, want)
				}
				if _, err := e.Check(t.Context(), source); err != nil {
					t.Errorf("%s: %v", code, err)
				}
			}
		}
	}
}

// TestLibrariesDecideAsOnPlaintext gives sealed strings to lodash, which knows
// nothing of them: what it gives is what plaintext would give, or it throws.
func TestLibrariesDecideAsOnPlaintext(t *testing.T) {
	lib := npm(t)["lodash"]
	e := engine(t, Config{InProcess: true})
	const value = "sk_live_4242424242abcdef"
	for _, body := range []string{
		"_.isEqual(S, I)", "_.isEqual({ a: [S] }, { a: [I] })", "_.isEqual({ a: [S] }, { a: [X] })", "_.isEqual([S, 1], [I, 1])", "_.isEqual(new Set([1]), new Set([1]))",
		"_.includes([X, S], I)", "_.includes([X], S)", "_.includes('a' + S, I)", "_.indexOf([X, S], I)", "_.uniq([S, I, X]).length", "_.without([S, X], I).length",
		"_.difference([S], [I]).length", "_.intersection([S], [I, X]).length", "_.union([S], [I]).length", "_.pull([S, X], I).length", "_.xor([S], [I]).length",
		"_.find([{ k: S }], { k: I }) !== undefined", "_.find([{ k: S }], { k: X }) !== undefined", "_.some([{ k: S }], ['k', I])", "_.filter([{ k: S }, { k: X }], ['k', I]).length",
		"_.matches({ k: S })({ k: I })", "_.isMatch({ k: S }, { k: I })", "_.get({ a: { b: S } }, 'a.b') === I", "_.get({ a: 1 }, S, 5)", "_.has({ a: 1 }, S)", "_.set({}, S, 1)",
		"_.merge({ a: X }, { a: S }).a === I", "_.assign({}, { a: S }).a === I", "_.defaults({}, { a: S }).a === I", "_.cloneDeep({ a: [S] }).a[0] === I", "_.pick({ a: S }, 'a').a === I",
		"_.groupBy([S, I], x => x)", "_.keyBy([{ k: S }], 'k')", "_.countBy([S, I])", "_.invert({ a: S })", "_.mapKeys({ a: S }, v => v)", "_.mapValues({ a: S }, v => v === I)", "_.fromPairs([[S, 1]])", "_.zipObject([S], [1])",
		"_.sortBy([S, X])", "_.orderBy([{ k: S }, { k: X }], 'k')", "_.max([S, X])", "_.size(S)", "_.isEmpty(S)", "_.toUpper(S)", "_.upperFirst(S)", "_.camelCase(S)", "_.trim(S)", "_.split(S, '_')", "_.startsWith(S, 'sk')",
		"_.endsWith(S, 'f')", "_.padEnd(S, 99)", "_.truncate(S, { length: 5 })", "_.words(S)", "_.escape(S)", "_.first(S)", "_.last(S)", "_.toArray(S)", "_.toNumber(S)", "_.parseInt(S)", "_.eq(S, I)", "_.isString(S)",
		"_.lt(S, X)", "_.uniqBy([{ k: S }, { k: I }], 'k').length", "_.uniq([..._.range(300), S, I]).length", "_.difference([S], [..._.range(300), I]).length", "_.memoize(x => x)(S) === I", "_.partition([S, X], x => x === I).map(x => x.length)",
		"_.template('a<%= s %>')({ s: S })", "_.replace(S, 's', 'x')", "_.toString(S) === I", "_.castArray(S)[0] === I", "_.join([S, X], ',') === I + ',' + X", "_.concat([S], I).length", "_.remove([S, X], x => x === I).length", "_.sortedIndex([X], S)", "_.omit({ a: S }, 'b').a === I",
		"_.isEqualWith([S], [I], () => undefined)", "_.conforms({ k: v => v === I })({ k: S })", "_.flow([x => x === I])(S)", "_.toPath(S)", "_.property(S)({})", "_.result({ a: S }, 'a') === I", "_.random(S)", "_.inRange(S, 3)", "_.repeat(S, 2) === I + I", "_.chunk(S, 2)",
	} {
		decide := func(secret string) (string, *RunError) {
			seals, s := sealRun(t, nil), "context.input.s"
			if secret != "" {
				seals, s = sealRun(t, map[string]any{"API_KEY": secret}), "context.secrets.API_KEY"
			}
			// The input is cut in two, so that it is not sealed.
			source := with(head+"const _ = require('lodash'), S = ["+s+"][0], I = context.input.a + context.input.b, X = 'another';\n return "+body+"\n}", lib)
			got := runSource(t, e, seals, source, `{"s":"`+value+`","a":"`+value[:9]+`","b":"`+value[9:]+`"}`)
			return asJSON(t, got.Output), got.Error
		}
		want, failed := decide("")
		if failed != nil && !strings.Contains(body, "template") { // makes code of text
			t.Errorf("%s on plaintext: %v", body, failed)
		}
		got, refused := decide(value)
		if refused != nil {
			if refused.Code != seal.CodeInspected && failed == nil {
				t.Errorf("%s: %v", body, refused)
			}
			continue
		}
		if got != want {
			t.Errorf("%s: %s, on plaintext %s", body, got, want)
		}
	}
}

func module(name, source string) Module {
	return Module{Name: name, Source: Source{Language: JavaScript, Source: source}}
}

// TestRequire follows what Node does.
func TestRequire(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	counter := module("counter", "let n = 0; exports.next = () => ++n; exports.id = module.id")
	ring := module("ring", "exports.early = 1; const other = require('other'); exports.late = other.seen")
	ring.Source.Uses = map[string]int{"other": 1}
	other := module("other", "exports.seen = Object.keys(require('ring'))")
	other.Source.Uses = map[string]int{"ring": 0}
	mine := module("mine", "module.exports = require('main')")
	mine.Source.Uses = map[string]int{"main": -1}
	throws := module("throws", "throw new RangeError('at load')")
	for _, tc := range []struct {
		source  string
		modules []Module
		want    string
	}{
		{head + "return [require('counter').next(), require('counter').next(), require('counter').id]\n}", []Module{counter}, `[1,2,"counter"]`},
		{head + "return require('ring')\n}", []Module{ring, other}, `{"early":1,"late":["early"]}`},
		{"exports.a = 1; exports.m = require('mine'); exports.default = async () => exports.m === exports", []Module{mine}, `true`},
		{head + "try { require('throws') } catch (e) { try { require('throws') } catch (f) { return [e.message, e === f] } }\n}", []Module{throws}, `["at load",false]`},
		{"import { next as n } from 'counter'; import * as all from 'counter'; export default async () => [n(), all.next()]", []Module{counter}, `[1,2]`},
		{head + "try { require('none') } catch (e) { return e.code }\n}", nil, `"MODULE_NOT_FOUND"`},
		{head + "return (await import('counter')).next()\n}", []Module{counter}, `1`},
		{head + "return typeof require('crypto').randomUUID() + typeof require('node:crypto').randomUUID\n}", nil, `"stringfunction"`},
	} {
		got := runSource(t, e, sealRun(t, nil), with(tc.source, tc.modules...), "{}")
		if s := asJSON(t, got.Output); got.Error != nil || s != tc.want {
			t.Errorf("%s: %s %+v, want %s", tc.source, s, got.Error, tc.want)
		}
		again := runSource(t, e, sealRun(t, nil), with(tc.source, tc.modules...), "{}")
		if s := asJSON(t, again.Output); s != tc.want {
			t.Errorf("%s: the second run gives %s: something is left of the first", tc.source, s)
		}
	}
}

// TestModuleErrors requires that what is wrong in a module is told with its name
// and its own lines.
func TestModuleErrors(t *testing.T) {
	e := engine(t, Config{Workers: 1})
	for source, want := range map[string]Finding{
		"exports.a = 1\nexports.b = ;":                                             {Code: program.CodeSyntax, Module: "m", Line: 2, Column: 13},
		"exports.a = c =>\n  c.secrets.API_KEY.slice(0, 1)":                        {Code: program.CodeInspects, Module: "m", Line: 2, Column: 21},
		"exports.a = c => new Set([c.secrets.API_KEY])":                            {Code: program.CodeInspects, Module: "m", Line: 1, Column: 27},
		"exports.a = /(?=a)b/":                                                     {Code: program.CodeRegexp, Module: "m", Line: 1, Column: 13},
		"exports.a = new Function('a')":                                            {Code: program.CodeUnsupported, Module: "m", Line: 1, Column: 17},
		"exports.a = require('x' + 1)":                                             {Code: program.CodeUnsupported, Module: "m", Line: 1, Column: 13},
		"exports.a = " + strings.Repeat("'a' + ", program.MaxSourceBytes/6) + "''": {Code: program.CodeLimit, Module: "m", Line: 1, Column: 1},
	} {
		_, err := e.Check(t.Context(), with(head+"return require('m')\n}", module("m", source)))
		refused, ok := err.(*CheckError)
		if !ok {
			t.Errorf("%.60s: %v", source, err)
			continue
		}
		f := refused.Findings[0]
		if f.Code != want.Code || f.Module != want.Module || f.Line != want.Line || f.Column != want.Column {
			t.Errorf("%.60s: %+v, want %+v", source, f, want)
		}
	}
	got := runSource(t, e, sealRun(t, nil), with(head+"return require('m')()\n}", module("m", "module.exports = () => {\n  null.x\n}")), "{}")
	if got.Error == nil || got.Error.Module != "m" || got.Error.Line != 2 {
		t.Errorf("%+v", got.Error)
	}
	if _, err := e.Check(t.Context(), with(head+"\n return require('nowhere')\n}")); err == nil || !strings.Contains(err.Error(), "3:9: there is no module nowhere") {
		t.Error(err)
	}
	for source, want := range map[string]string{
		"import x from 'fs'\nexport default () => x": "1:15:", "export { a } from 'b'": "1:19:", "export default async () => (await import('fs')).x": "1:35:",
		"const a: number = 1\nexport default () => require('fs')": "2:22:",
	} {
		_, err := e.Check(t.Context(), Source{Language: TypeScript, Source: source})
		if err == nil || !strings.Contains(err.Error(), " "+want+" there is no module ") {
			t.Errorf("%s: %v, want %s", source, err, want)
		}
	}
	if _, err := e.Check(t.Context(), with(head+"try { return require('nowhere') } catch { return 1 }\n}")); err != nil {
		t.Error(err)
	}
}

// TestModulesAreSealed attacks from a module: what a script with secrets gives it
// is as sealed there, whatever the module itself names.
func TestModulesAreSealed(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	for _, source := range []string{
		"module.exports = s => s.length", "module.exports = s => s[0]", "module.exports = s => s.slice(0, 2)", "module.exports = s => /sk/.test(s)",
		"module.exports = s => new Set([s]).has('x')", "module.exports = s => ({ x: 1 })[s]", "module.exports = s => s < 'x'", "module.exports = s => [...s]",
		"const f = 'char' + 'At'; module.exports = s => s[f](0)", "module.exports = s => new Function('s', 'return s.length')(s)",
		"module.exports = s => (() => {}).constructor('s', 'return s.length')(s)", "module.exports = s => Function('return this')().Reflect.get(s, 0)",
		"module.exports = s => new RegExp('(?=s)s').test(s)", "module.exports = s => s.replace(/(?=k)/, '')",
		"const a = new Uint8Array(1); module.exports = s => { a[0] = s; return a[0] }",
	} {
		for _, library := range []bool{true, false} {
			m := module("m", source)
			m.Source.Library = library
			got := runSource(t, e, sealRun(t, secretsOfTests), with(head+"const s = [context.secrets.API_KEY][0]; return require('m')(s)\n}", m), "{}")
			if got.Error == nil {
				t.Errorf("%s: %s", source, asJSON(t, got.Output))
			}
		}
	}
	m := module("m", "module.exports = (a, b) => a === b")
	got := runSource(t, e, sealRun(t, secretsOfTests), with(head+"return require('m')(context.secrets.API_KEY, 'sk_live_' + '4242424242abcdef')\n}", m), "{}")
	if got.Output != true {
		t.Errorf("a module compares wrongly: %+v", got)
	}
}

// TestBacktrackingInLibraries holds regular expressions that need backtracking to
// libraries, and requires a right answer where the engine alone would give up.
func TestBacktrackingInLibraries(t *testing.T) {
	e := engine(t, Config{Workers: 1})
	lib := module("m", "exports.test = s => /^(?=a)(a|b)*c$/.test(s); exports.make = p => new RegExp(p); exports.call = f => f('(?=a)')")
	lib.Source.Library = true
	for code, want := range map[string]string{
		"m.test('a'.repeat(100000) + 'c')":                                     "true",
		"m.test('a'.repeat(100000) + 'd')":                                     "false",
		"m.make('(?=a)a').test('ba')":                                          "true",
		"(() => { try { RegExp('(?=a)') } catch (e) { return e.code } })()":    `"regexp_unsupported"`,
		"(() => { try { m.make('\\\\p{L}') } catch (e) { return e.code } })()": `"regexp_unsupported"`,
	} {
		got := runSource(t, e, sealRun(t, nil), with(head+"const m = require('m'); return "+code+"\n}", lib), "{}")
		if s := asJSON(t, got.Output); got.Error != nil || s != want {
			t.Errorf("%s: %s %+v, want %s", code, s, got.Error, want)
		}
	}
	bomb := module("m", "module.exports = s => /(?=a)(a+)+$/.test(s)")
	bomb.Source.Library = true
	short := engine(t, Config{Workers: 1, Limits: Limits{Time: 500_000_000}})
	got := runSource(t, short, sealRun(t, nil), with(head+"return require('m')('a'.repeat(64) + 'b')\n}", bomb), "{}")
	if got.Error == nil || got.Error.Code != "time_limit" {
		t.Errorf("%+v", got)
	}
}

// TestGuardsComeWithModules has the object in one unit and the name of its function
// in another: neither alone needs the guard.
func TestGuardsComeWithModules(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	for _, tc := range []struct{ main, module string }{
		{"return require('m').object.keys(S)", "exports.object = Object"},
		{"const f = require('m').f; return f(S)", "exports.f = Number"},
		{"const f = 'x'.charAt; require('m'); return f.call(S, 0)", "exports.a = 1"},
		{"const m = require('m'); return m.reflect.get(S, 0)", "exports.reflect = Reflect"},
		{"const m = require('m'); return new m.set([S]).has('x')", "exports.set = Set"},
		{"const [g] = require('m').list; return g(S)", "exports.list = [parseInt]"},
		{"return require('m').by('')(S)", "exports.by = (s) => (v) => s.concat(v).charAt(0)"},
	} {
		got := runSource(t, e, sealRun(t, secretsOfTests), with(head+"const S = [context.secrets.API_KEY][0]; "+tc.main+"\n}", module("m", tc.module)), "{}")
		if got.Error == nil || got.Error.Code != seal.CodeInspected {
			t.Errorf("%s with %s: %s %v", tc.main, tc.module, asJSON(t, got.Output), got.Error)
		}
	}
}
