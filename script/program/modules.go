package program

import (
	"embed"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
)

// Require is a place of a source that asks for a module.
type Require struct {
	// Name is what require is given.
	Name string `json:"name"`
	// Line and Column are the place, from 1. Column counts bytes.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Optional is set inside try: the source goes on without the module.
	Optional bool `json:"optional,omitempty"`
}

const nodePrefix = "node:"

// nodeFiles are the modules of Node that are written in JavaScript, so that what
// they do with a secret is checked as in any other source.
//
//go:embed node
var nodeFiles embed.FS

// CutBuiltin gives the name of a module of Node's without node:, if name is one
// that a script may have.
func CutBuiltin(name string) (string, bool) {
	short := strings.TrimPrefix(name, nodePrefix)
	internal := strings.HasPrefix(short, "%") || strings.HasPrefix(short, "internal/")
	if NativeModules[short] {
		return short, !internal
	}
	if short == "test" { // Node has it by its full name only
		return short, short != name
	}
	_, err := nodeFiles.Open("node/" + nodeFile(short))
	return short, err == nil && !internal
}

func nodeFile(short string) string { return strings.ReplaceAll(short, "/", "_") + ".js" }

// nodeUnit gives the source of a module of Node's.
func nodeUnit(short string) Unit {
	text, err := nodeFiles.ReadFile("node/" + nodeFile(short))
	if err != nil {
		panic(err) // CutBuiltin said that it is there
	}
	return Unit{ID: nodePrefix + short, Name: nodePrefix + short, Source: string(text), Library: true}
}

// findModules finds what asks for modules, which import becomes too.
func (a *analysis) findModules(tree *ast.Program) {
	if a.declared["require"] != 0 {
		return // a bundle that brings its own
	}
	var tries [][2]file.Idx
	(&walker{enter: func(n ast.Node) {
		if t, ok := n.(*ast.TryStatement); ok && t.Catch != nil {
			tries = append(tries, [2]file.Idx{t.Body.LeftBrace, t.Body.RightBrace})
		}
	}}).program(tree)
	(&walker{enter: func(n ast.Node) {
		c, ok := n.(*ast.CallExpression)
		if !ok {
			return
		}
		if id, ok := c.Callee.(*ast.Identifier); !ok || id.Name != "require" {
			return
		}
		at := c.Idx0()
		name, constant := "", false
		if len(c.ArgumentList) == 1 {
			name, constant = constantString(c.ArgumentList[0])
		}
		switch {
		case constant && len(a.info.Requires) == MaxModules:
			a.find(at, Finding{Code: CodeLimit, Message: "the source asks for more than 64 modules (MaxModules)"})
		case constant:
			place := findingAt(a.file, at, Finding{})
			r := Require{Name: name, Line: place.Line, Column: place.Column}
			for _, t := range tries {
				r.Optional = r.Optional || t[0] <= at && at <= t[1]
			}
			a.info.Requires = append(a.info.Requires, r)
		case !a.library:
			a.find(at, Finding{Code: CodeUnsupported, Message: "require is given something else than the name of a module",
				Advice: `write the name itself: require("lodash")`})
		}
	}}).program(tree)
}
