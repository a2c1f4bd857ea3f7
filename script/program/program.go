// Package program turns the source of a script into what the engine runs: it
// lowers TypeScript and what else the engine does not know, checks, finds out what
// the source refers to, and rewrites it.
//
// # How it fits
//
// Package script sends a source to a worker (package worker), which calls
// [Compile] and hands the [Program] to package host to run. Everything here
// works on text that its author may have made to hurt: it runs in a worker, with
// its stack and memory limited, never in the server.
//
// # What it protects
//
// A script that touches secrets holds surrogates, on which the operators of the
// language would decide wrongly: "rsv_…" is not equal to the secret's value, and
// its length is not the value's length. [Compile] rewrites the operators of such
// a script into calls of the host, which compares as on plaintext and refuses to
// look inside. The names of these calls have a percent sign in them, so that no
// source can say, shadow or replace them.
package program

import (
	"errors"
	"slices"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
	"github.com/go-sourcemap/sourcemap"
)

// Program is a compiled script. It is immutable and may be run any number of
// times, by one runtime at a time or by many.
type Program struct {
	// Info is what the source refers to.
	Info
	// Sealed is set when the operators were rewritten.
	Sealed bool
	// Helpers are those of [Helpers] that it calls; the others may be anything.
	Helpers map[string]bool
	// Code evaluates to a function of exports, require and module; in a sealed
	// program, to a function of [Helpers] that gives it.
	Code *goja.Program
}

// Options say how to compile.
type Options struct {
	// Language is what the source is written in; empty is JavaScript.
	Language Language
	// Sealed rewrites the operators even where the source itself names no
	// secret and no fetch, because its set of secrets is not empty.
	Sealed bool
	// Check looks for uses of secrets that would fail when run.
	Check bool
}

// Compile checks, rewrites and compiles a source. With findings the Program is
// nil, unless they hold for strings only (Finding.StringOnly).
func Compile(source string, o Options) (*Program, []Finding) {
	if len(source) > MaxSourceBytes {
		return nil, []Finding{{Code: CodeLimit, Line: 1, Column: 1,
			Message: "the source is larger than 65536 bytes (MaxSourceBytes)",
			Advice:  "split it into several scripts"}}
	}
	f := file.NewFile(FileName, source, 1)
	if at := nesting(source, MaxNesting); at >= 0 {
		return nil, []Finding{findingAt(f, file.Idx(at+1), Finding{Code: CodeLimit,
			Message: "brackets nest deeper than 200 (MaxNesting)",
			Advice:  "name the inner parts with const"})}
	}
	tree, findings := parse(source, o.Language)
	if findings != nil {
		return nil, findings
	}
	a := analyse(tree)
	if o.Check {
		a.lookInside(tree)
		a.findModules(tree)
	}
	sealed := o.Sealed || a.secretsSeen || a.info.Fetches
	var helpers map[string]bool
	if sealed {
		helpers = rewrite(tree, a)
	}
	if slices.ContainsFunc(a.findings, func(f Finding) bool { return !f.StringOnly }) {
		return nil, a.findings
	}
	wrap(tree, sealed)
	code, err := compile(tree)
	if err != nil {
		return nil, compileFindings(err)
	}
	return &Program{Info: a.info, Sealed: sealed, Helpers: helpers, Code: code}, a.findings
}

// parse gives the tree of a source, lowered if the engine's parser does not know
// it as it is. Its positions are the author's, but for what lowering added.
func parse(source string, language Language) (*ast.Program, []Finding) {
	if language != TypeScript {
		if tree, err := parser.ParseFile(nil, FileName, source, 0, parser.WithDisableSourceMaps); err == nil && !hasAsyncGenerators(tree) {
			return tree, nil
		}
	}
	l, findings := lower(source, language)
	if findings != nil {
		return nil, findings
	}
	tree, err := parser.ParseFile(nil, loweredName, l.code, 0, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, syntaxFindings(err, l.positions)
	}
	tree.File.SetSourceMap(l.positions)
	return tree, nil
}

// hasAsyncGenerators reports whether a tree has what the engine's parser knows and
// its compiler does not.
func hasAsyncGenerators(tree *ast.Program) (has bool) {
	(&walker{enter: func(n ast.Node) {
		var f *ast.FunctionLiteral
		switch n := n.(type) {
		case *ast.FunctionLiteral:
			f = n
		case *ast.FunctionDeclaration:
			f = n.Function
		case *ast.MethodDefinition:
			f = n.Body
		}
		has = has || f != nil && f.Async && f.Generator
	}}).program(tree)
	return has
}

// compile compiles. The engine's compiler gives some errors by panicking.
func compile(tree *ast.Program) (code *goja.Program, err error) {
	defer func() {
		if x := recover(); x != nil {
			if reference, ok := x.(*goja.CompilerReferenceError); ok {
				err = &goja.CompilerSyntaxError{CompilerError: reference.CompilerError}
				return
			}
			err = errCompiler
		}
	}()
	return goja.CompileAST(tree, false)
}

var errCompiler = errors.New("the compiler failed")

// wrap makes the program an expression: the function that CommonJS makes of a
// module, inside the function that the helpers are parameters of.
func wrap(tree *ast.Program, sealed bool) {
	module := function(tree.Body, tree.DeclarationList, "exports", "require", "module")
	outer := module
	if sealed {
		outer = function([]ast.Statement{&ast.ReturnStatement{Return: 1, Argument: module}}, nil, Helpers...)
	}
	tree.Body = []ast.Statement{&ast.ExpressionStatement{Expression: outer}}
	tree.DeclarationList = nil
}

// syntaxFindings gives what the engine's parser says of a lowered source.
func syntaxFindings(err error, positions *sourcemap.Consumer) []Finding {
	var list parser.ErrorList
	if !errors.As(err, &list) {
		return []Finding{{Code: CodeSyntax, Line: 1, Column: 1, Message: "the source does not parse"}}
	}
	var out []Finding
	for _, e := range list {
		if len(out) == MaxFindings {
			break
		}
		_, _, line, column, _ := positions.Source(e.Position.Line, e.Position.Column)
		out = append(out, Finding{Code: CodeSyntax, Message: shorten(e.Message), Line: max(line, 1), Column: max(column, 1)})
	}
	return out
}

func compileFindings(err error) []Finding {
	var compile *goja.CompilerSyntaxError
	if errors.As(err, &compile) && compile.File != nil {
		return []Finding{findingAt(compile.File, file.Idx(compile.Offset+compile.File.Base()), Finding{Code: CodeSyntax, Message: compile.Message})}
	}
	return []Finding{{Code: CodeSyntax, Line: 1, Column: 1, Message: "the source does not compile"}}
}

// findingAt gives a finding its place in the author's source; what lowering added
// has none there.
func findingAt(f *file.File, at file.Idx, out Finding) Finding {
	out.Line, out.Column = 1, 1
	if p := f.Position(max(int(at)-f.Base(), 0)); IsSource(p.Filename) {
		out.Line, out.Column = p.Line, p.Column
	}
	return out
}
