package program

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
)

// Unit is one source of a program: the script itself, or a module that something
// in the program asks for by require.
type Unit struct {
	// ID identifies the version of the source. What is compiled of it is kept under
	// the ID; empty keeps nothing.
	ID string `json:"id,omitempty"`
	// Name is what positions and findings call a module; empty is the script
	// itself.
	Name string `json:"name,omitempty"`
	// Language is what the source is written in; empty is JavaScript.
	Language Language `json:"language,omitempty"`
	Source   string   `json:"source"`
	// Library is set for code that was written for other engines: it may be
	// larger, may mention Function and eval, which throw when they are called, and
	// may have regular expressions that need backtracking.
	Library bool `json:"library,omitempty"`
	// Uses leads from what require is given to the place of the module in the
	// program. Node's own names need not be in it.
	Uses map[string]int `json:"uses,omitempty"`
}

// Module is a compiled unit.
type Module struct {
	// Name is the unit's.
	Name string
	// Info is what the unit itself refers to.
	Info Info
	// Code evaluates to a function of exports, require and module; in a sealed
	// program, to a function of [Helpers] that gives it.
	Code *goja.Program
	// Uses leads from what require is given to the place in Program.Modules.
	Uses map[string]int
	// Library is the file that positions give, for a Unit.Library; else empty.
	Library string
	// Native leads from what require is given to the name of a module of the
	// host, see [NativeModules].
	Native map[string]string
}

// Names of files in positions of a script's stack.
const (
	moduleFolder = "modules/"
	nodeFolder   = "node/"
)

func (u *Unit) fileName() string {
	name := u.Language.fileName()
	switch {
	case u.builtin():
		return nodeFolder + strings.TrimPrefix(u.Name, nodePrefix) + path.Ext(name)
	case u.Name != "":
		return moduleFolder + u.Name + path.Ext(name)
	}
	return name
}

func (u *Unit) builtin() bool { return strings.HasPrefix(u.Name, nodePrefix) }

// IsSource reports whether a file of a stack is an author's: the script's or a
// module's.
func IsSource(name string) bool {
	return name == FileName || name == TypeScriptName || strings.HasPrefix(name, moduleFolder)
}

// ModuleOf gives the name of the module that a file of a stack is, empty for the
// script itself.
func ModuleOf(file string) string {
	name, ok := strings.CutPrefix(file, moduleFolder)
	if !ok {
		return ""
	}
	return strings.TrimSuffix(name, path.Ext(name))
}

// reading is a unit that was parsed and analysed.
type reading struct {
	tree     *ast.Program
	analysis *analysis
	// secrets is set when the source names an object of secrets at all.
	secrets bool
	info    Info
}

// read parses and analyses a unit.
func (u *Unit) read(check bool) (*reading, []Finding) {
	limit, name := MaxSourceBytes, "65536 bytes (MaxSourceBytes)"
	advice := "split it into several scripts"
	if u.Library {
		limit, name = MaxLibraryBytes, "786432 bytes (MaxLibraryBytes)"
		advice = "use the minified form of the library"
	}
	if len(u.Source) > limit {
		return nil, []Finding{{Code: CodeLimit, Line: 1, Column: 1, Message: "the source is larger than " + name, Advice: advice}}
	}
	f := file.NewFile(u.fileName(), u.Source, 1)
	if at := nesting(u.Source, MaxNesting); at >= 0 {
		return nil, []Finding{findingAt(f, file.Idx(at+1), Finding{Code: CodeLimit,
			Message: "brackets nest deeper than 200 (MaxNesting)",
			Advice:  "name the inner parts with const"})}
	}
	tree, findings := parse(u)
	if findings != nil {
		return nil, findings
	}
	if u.Library {
		globals(tree)
	}
	a := analyse(tree, u.Library)
	a.findModules(tree)
	if check {
		a.lookInside(tree)
	}
	return &reading{tree: tree, analysis: a, secrets: a.secretsSeen, info: a.info}, nil
}

// Together is what units of one program refer to.
func Together(units ...*Info) Info {
	out := Info{Secrets: []string{}, Variables: []string{}, Keys: []string{}, Hosts: []string{}, Names: map[string]bool{}, Values: map[string]bool{}}
	for _, u := range units {
		out.merge(u)
	}
	return out
}

func (i *Info) merge(o *Info) {
	i.Secrets = union(i.Secrets, o.Secrets)
	i.Variables = union(i.Variables, o.Variables)
	i.Keys = union(i.Keys, o.Keys)
	i.Hosts = union(i.Hosts, o.Hosts)
	i.Fetches = i.Fetches || o.Fetches
	i.Iterates = i.Iterates || o.Iterates
	i.Dynamic = i.Dynamic || o.Dynamic
	i.Suspects = append(i.Suspects, o.Suspects...)
	maps.Copy(i.Names, o.Names)
	maps.Copy(i.Values, o.Values)
}

func union(a, b []string) []string {
	if len(b) == 0 {
		return a
	}
	out := append(slices.Clone(a), b...)
	slices.Sort(out)
	return slices.Compact(out)
}

// globals puts globalThis in the place of
//
//	Function("return this")()
//
// by which libraries look for it.
func globals(tree *ast.Program) {
	(&walker{replace: func(e ast.Expression) ast.Expression {
		outer, ok := e.(*ast.CallExpression)
		if !ok || len(outer.ArgumentList) != 0 {
			return e
		}
		callee, arguments := outer.Callee, []ast.Expression(nil)
		switch inner := callee.(type) {
		case *ast.CallExpression:
			callee, arguments = inner.Callee, inner.ArgumentList
		case *ast.NewExpression:
			callee, arguments = inner.Callee, inner.ArgumentList
		}
		if id, ok := callee.(*ast.Identifier); !ok || id.Name != "Function" || len(arguments) != 1 {
			return e
		}
		if text, _ := constantString(arguments[0]); text != "return this" {
			return e
		}
		return identifier("globalThis", e.Idx0())
	}}).program(tree)
}
