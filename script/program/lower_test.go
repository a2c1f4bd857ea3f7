package program

import (
	"fmt"
	"strings"
	"testing"

	"github.com/reticent/reticent/script/declaration"
)

// at gives the line and the column, in bytes from 1, of the mark ‸ in a source,
// and the source without it.
func at(source string) (text string, line, column int) {
	before, after, ok := strings.Cut(source, "‸")
	if !ok {
		return source, 1, 1
	}
	return before + after, strings.Count(before, "\n") + 1, len(before) - strings.LastIndex(before, "\n")
}

// TestLoweredFindings requires that what is refused in a lowered source is
// refused at the author's own line and column, with advice.
func TestLoweredFindings(t *testing.T) {
	for _, tc := range []struct {
		language     Language
		source, code string
	}{
		{TypeScript, "let a: ‸= 1", CodeSyntax},
		{JavaScript, "a ‸b", CodeSyntax},
		{JavaScript, "\n\n  export default ‸)", CodeSyntax},
		{TypeScript, "type T = string\n\nconst x = ‸await fetch('a')", CodeUnsupported},
		{JavaScript, "‸await null", CodeUnsupported},
		{TypeScript, "export default () => ‸import.meta.url", CodeUnsupported},
		{TypeScript, "export default async (c) => (await ‸import(c.input.x)).x", CodeUnsupported},
		{TypeScript, "let a = 1\n//‸# sourceMappingURL=data:application/json,{}", CodeUnsupported},
		{TypeScript, "type T = Array<string>\nexport default (c: any): T => c.secrets.X.‸slice(1)", CodeInspects},
		{TypeScript, "export default (c) => {\n  const zażółć: string = c.secrets.X, b = '😀' + zażółć.‸trim()\n}", CodeInspects},
		{TypeScript, "enum E { A }\nexport default (c) => {\r\n\treturn c.secrets.X.‸length + E.A }", CodeInspects},
		{JavaScript, "export default async function* (c) {\n  yield (c.secrets.X ‸as)\n}", CodeSyntax},
		{TypeScript, "export default async (c) => { for await (const k of c.input) return c.secrets.X.‸split(k) }", CodeInspects},
		{TypeScript, "export default (c) => new Set<string>([‸c.secrets.X])", CodeInspects},
		{TypeScript, "export default (c) => (‸c.secrets.X as any) < 'b'", CodeInspects},
		{TypeScript, `export default (c: any) => ‸/\p{L}/u.test(c)`, CodeRegexp},
		{TypeScript, `export default (c: any) => ‸/(?=a)b/.test(c)`, CodeRegexp},
		{TypeScript, `export default (c: any) => ‸/(?<=a)b/.test(c)`, CodeRegexp},
		{TypeScript, `export default (c: any) => ‸/(a)\1/.test(c)`, CodeRegexp},
		{TypeScript, `export default (c: any) => ‸/(?<n>a)\k<n>/.test(c)`, CodeRegexp},
		{JavaScript, `export default async function* () { yield ‸/\p{L}/u }`, CodeRegexp},
		{TypeScript, "export default () => ‸eval('1')", CodeUnsupported},
		{TypeScript, "export default () => new ‸Function('return 1')", CodeUnsupported},
		{TypeScript, "let a: number\nlet ‸a: string", CodeSyntax},
		{TypeScript, strings.Repeat("{using a=b}", 5_900), CodeLimit},
		{TypeScript, "type A = " + strings.Repeat("[", 200) + "‸[" + strings.Repeat("]", 201), CodeLimit},
	} {
		source, line, column := at(tc.source)
		_, findings := Compile([]Unit{{Language: tc.language, Source: source}}, Options{Check: true})
		if len(findings) == 0 {
			t.Errorf("%.80s: accepted", source)
			continue
		}
		f := findings[0]
		if f.Code != tc.code || f.Line != line || f.Column != column {
			t.Errorf("%.80s:\n got %d:%d %s %s\nwant %d:%d %s", source, f.Line, f.Column, f.Code, f.Message, line, column, tc.code)
		}
		if f.Advice == "" && f.Code != CodeSyntax {
			t.Errorf("%.80s: no advice with %q", source, f.Message)
		}
		if len(f.Message) > maxQuoted+100 || strings.Contains(f.Message, "esnext") {
			t.Errorf("%.80s: %s", source, f.Message)
		}
	}
}

// TestLoweredReferences requires that the secrets of a lowered source are found
// as those of another.
func TestLoweredReferences(t *testing.T) {
	for _, source := range []string{
		"export default async (context: Context): Promise<string> => context.secrets.A",
		"export default async ({ secrets }: Context) => secrets.A as string",
		"export default async ({ secrets: { A } }: { secrets: { A: string } }) => A",
		"export default ({ input, ...rest }: Context) => rest.secrets.A",
		"const handler = ({ input, ...rest }: Context) => rest.secrets.A\nexport default handler",
		"export default function handler({ input, ...rest }: Context) { return rest.secrets.A }",
		"export default (c: any) => c.secrets!.A!",
		"export default (c: any) => (<any>c.secrets).A",
		"export default (c: any) => (c.secrets satisfies object)['A']",
		"namespace N { export const f = (c: any) => c.secrets.get('A') }\nexport default N.f",
		"class H { constructor(private readonly c: any) {} run() { return this.c.secrets.A } }\nexport default (c: any) => new H(c).run()",
		"export default async function* (c) { const { A } = c.secrets; yield A }",
		"function run(c: any) { return c.secrets.A }\nexport = run",
	} {
		p, findings := Compile([]Unit{{Language: TypeScript, Source: source}}, Options{Check: true})
		if findings != nil {
			t.Errorf("%s: %v", source, findings)
			continue
		}
		if got := fmt.Sprint(p.Secrets); got != "[A]" || !p.Sealed {
			t.Errorf("%s: secrets %s, sealed %v", source, got, p.Sealed)
		}
	}
}

// TestModuleHelpersNeedNoGuards requires that what esbuild says to make CommonJS
// of a module does not count as said by its author, who cannot say it, and that
// what the author says counts even if it looks like that.
func TestModuleHelpersNeedNoGuards(t *testing.T) {
	const reflects = "getOwnPropertyDescriptor"
	for source, want := range map[string]bool{
		"export default (c) => c.secrets.A":                                            false,
		"export const b = 1; export default (c) => c.secrets.A":                        false,
		"export default async function* (c) { yield c.secrets.A }":                     false,
		"export default (c) => Object.getOwnPropertyDescriptor(c, 'x')":                true,
		"export default (c) => __getOwnPropDesc(c, 'x')":                               true,
		"var __getOwnPropDesc = Object.getOwnPropertyDescriptor\nexport default 1":     true,
		"var __toESM = Object.getOwnPropertyDescriptor\nexport default __toESM":        true,
		"var __toCommonJS = Object.getOwnPropertyDescriptor; exports.a = __toCommonJS": true,
		"@d class A {}\nexport default A":                                              true,
	} {
		for _, language := range []Language{JavaScript, TypeScript} {
			p, findings := Compile([]Unit{{Language: language, Source: source}}, Options{Sealed: true})
			if findings != nil {
				t.Errorf("%s: %v", source, findings)
				continue
			}
			if got := p.Names[reflects]; got != want {
				t.Errorf("%s (%s): says %s: %v, want %v", source, language, reflects, got, want)
			}
		}
	}
}

// TestPlainIsUntouched requires that what the engine's parser knows is run as it
// is written.
func TestPlainIsUntouched(t *testing.T) {
	tree, findings := parse(&Unit{Source: "module.exports = async (a) => a ?? class { #b = 1 }"})
	if findings != nil || tree.File.Name() != FileName {
		t.Errorf("%v %v", tree, findings)
	}
}

// FuzzLower requires that no TypeScript panics here, and that what is refused is
// refused with a place in the source.
func FuzzLower(f *testing.F) {
	f.Add("export default async ({ secrets }: C<T>): Promise<void> => { using x = secrets.A!; }")
	f.Add("enum E { A = 'ż😀' }\r\nnamespace N.M { export let a = <any>1 }\u2028@d class A<T> { declare x; accessor y = 1 }")
	f.Add("for await (const x of y) { await import(x) } import.meta")
	f.Add("//# sourceMappingURL=data:,{}\n/* @ sourceMappingURL=/dev/zero */")
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 4096 {
			return // esbuild's recursion is for a worker
		}
		lines := newColumns(source).lines
		_, findings := Compile([]Unit{{Language: TypeScript, Source: source}}, Options{Sealed: true, Check: true})
		for _, f := range findings {
			if f.Line < 1 || f.Line > len(lines) || f.Column < 1 || f.Column > len(lines[f.Line-1])+2 || f.Message == "" {
				t.Fatalf("%+v", f)
			}
		}
	})
}

// TestDeclarationsForbid requires that reticent.d.ts gives the type never to what
// a string has that is refused of a secret.
func TestDeclarationsForbid(t *testing.T) {
	for _, names := range []map[string]string{stringInspectors, sharedInspectors} {
		for name := range names {
			if !strings.Contains(declaration.Text, "\n  readonly "+name+": never;\n") {
				t.Errorf("a Sealed of reticent.d.ts has %s", name)
			}
		}
	}
}
