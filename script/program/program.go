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

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
	"github.com/go-sourcemap/sourcemap"
)

// Program is a compiled script with its modules. It is immutable and may be run
// any number of times, by one runtime at a time or by many.
type Program struct {
	// Info is what the sources refer to, together.
	Info
	// Sealed is set when the operators were rewritten.
	Sealed bool
	// Helpers are those of [Helpers] that it calls; the others may be anything.
	Helpers map[string]bool
	// Modules are its units; the first is the script.
	Modules []Module
}

// Options say how to compile.
type Options struct {
	// Sealed rewrites the operators even where no source names a secret or fetch,
	// because the set of secrets is not empty.
	Sealed bool
	// Check looks for uses of secrets that would fail when run.
	Check bool
	// Cache keeps what is compiled of units that have an ID; nil keeps nothing.
	Cache *Cache
}

// Compile checks, rewrites and compiles a script, the first unit, with its
// modules. With findings the Program is nil, unless they hold for strings only
// (Finding.StringOnly).
func Compile(units []Unit, o Options) (*Program, []Finding) {
	b := &build{Options: o, units: units}
	p := b.program()
	if len(b.findings) > MaxFindings {
		b.findings = b.findings[:MaxFindings]
	}
	return p, b.findings
}

// parse gives the tree of a source, lowered if the engine's parser does not know
// it as it is. Its positions are the author's, but for what lowering added.
func parse(u *Unit) (*ast.Program, []Finding) {
	if u.Language != TypeScript {
		if tree, err := parser.ParseFile(nil, u.fileName(), u.Source, 0, parser.WithDisableSourceMaps); err == nil && !hasAsyncGenerators(tree) {
			return tree, nil
		}
	}
	l, findings := lower(u)
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
