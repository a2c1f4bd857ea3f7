package program

import (
	"errors"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
)

// Info is what a source refers to, read off its text.
type Info struct {
	// Secrets are the names that it gives as constants: context.secrets.NAME,
	// context.secrets["NAME"], context.secrets.get("NAME") and destructuring.
	Secrets []string
	// Variables are those of context.variables, likewise.
	Variables []string
	// Keys are those of context.keys, likewise.
	Keys []string
	// Hosts are the host (and port) of every http and https URL that a literal
	// of it starts with.
	Hosts []string
	// Fetches reports whether it names fetch.
	Fetches bool
	// Names holds every property name, identifier and literal string of the
	// source: what it can reach without computing a name.
	Names map[string]bool
	// Values holds the names of Names that are read for something else than to be
	// called at once: a method may then be called on anything.
	Values map[string]bool
	// Iterates reports whether it spreads, loops over or destructures an
	// iterable.
	Iterates bool
	// Dynamic reports whether it computes the name of a property.
	Dynamic bool
	// Requires are the modules that the script itself asks for, in the order of
	// its text.
	Requires []Require
	// Suspects are its literals that have the form of a surrogate; none may be
	// live in the run.
	Suspects []string
}

// secretName is the grammar of names, which the contract gives.
// A name with slashes is one of an external manager's secrets.
var secretName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,124}(/[A-Za-z0-9_.+=@-]+)*$`)

// keyName is the grammar of the IDs of keys, which the contract gives.
var keyName = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

// listNames are what the keys of a JSON Web Key Set, an array, are asked for.
var listNames = map[string]bool{"length": true, "find": true, "filter": true, "map": true, "forEach": true, "some": true, "every": true,
	"includes": true, "slice": true, "push": true, "sort": true, "join": true, "concat": true, "at": true, "reduce": true, "indexOf": true,
	"entries": true, "values": true, "next": true}

// objectNames are names that objects have of themselves. No secret may be
// called so.
var objectNames = map[string]bool{
	"get": true, "set": true, "constructor": true, "hasOwnProperty": true,
	"isPrototypeOf": true, "propertyIsEnumerable": true, "toLocaleString": true,
	"toString": true, "valueOf": true, "__proto__": true, "__defineGetter__": true,
	"__defineSetter__": true, "__lookupGetter__": true, "__lookupSetter__": true,
}

// IsSecretName reports whether a property of context.secrets called name is a
// secret rather than a method.
func IsSecretName(name string) bool { return secretName.MatchString(name) && !objectNames[name] }

// analysis is what is known of a source.
type analysis struct {
	file     *file.File
	library  bool
	info     Info
	findings []Finding

	// secretsSeen: the source names an object of secrets at all.
	secretsSeen bool
	// callees are the members that are called where they are read.
	callees map[*ast.DotExpression]bool
	// declared counts the declarations of each name, in whatever scope.
	declared map[string]int
	// holders are the identifiers bound to context.secrets (or .variables).
	holders map[string]string // identifier -> "secrets", "variables" or "keys"
	// values are the identifiers that are bound once, by const, to a secret.
	values map[string]string // identifier -> secret
	// regexps are those bound once to a regular expression.
	regexps map[string]bool
	// numeric are those that never hold anything but a number.
	numeric map[string]bool

	secrets, variables, keys, hosts map[string]bool
}

func analyse(tree *ast.Program, library bool) *analysis {
	a := &analysis{
		file: tree.File, library: library, callees: map[*ast.DotExpression]bool{}, declared: map[string]int{}, holders: map[string]string{},
		values: map[string]string{}, regexps: map[string]bool{}, numeric: map[string]bool{},
		secrets: map[string]bool{}, variables: map[string]bool{}, keys: map[string]bool{}, hosts: map[string]bool{},
	}
	a.info.Names, a.info.Values = map[string]bool{}, map[string]bool{}
	(&walker{declare: func(id *ast.Identifier) { a.declared[id.Name.String()]++ }}).program(tree)
	a.gatherNames(tree)
	a.info.Fetches = a.info.Names["fetch"] || a.info.Names["createRemoteJWKSet"]
	a.secretsSeen = a.info.Names["secrets"] || slices.ContainsFunc(PropertyObjects, func(name string) bool { return a.info.Names[name] })
	a.findHolders(tree)
	(&walker{enter: a.references}).program(tree)
	a.findValues(tree)
	a.findNumeric(tree)
	a.info.Secrets = sorted(a.secrets)
	a.info.Variables = sorted(a.variables)
	a.info.Keys = sorted(a.keys)
	a.info.Hosts = sorted(a.hosts)
	if len(a.secrets) > MaxNames || len(a.variables) > MaxNames || len(a.keys) > MaxNames {
		a.find(1, Finding{Code: CodeLimit, Message: "the source names more than 256 secrets, variables or keys (MaxNames)",
			Advice: "keep related ones in one structured secret"})
	}
	return a
}

func sorted(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for name := range set {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

func (a *analysis) find(at file.Idx, f Finding) {
	if len(a.findings) == MaxFindings {
		return
	}
	f = findingAt(a.file, at, f)
	if !slices.Contains(a.findings, f) {
		a.findings = append(a.findings, f)
	}
}

// names gathers what the source can name, and finds what is refused whatever it
// is used for.
func (a *analysis) names(n ast.Node) {
	switch n := n.(type) {
	case *ast.Identifier:
		name := n.Name.String()
		a.info.Names[name] = true
		if (name == "eval" || name == "Function") && !a.library {
			a.find(n.Idx, Finding{Code: CodeUnsupported, Message: name + " is not available: code that is text cannot be checked",
				Advice: "write the code out"})
		}
	case *ast.CallExpression:
		if dot, ok := n.Callee.(*ast.DotExpression); ok {
			a.callees[dot] = true
		}
	case *ast.DotExpression:
		name := n.Identifier.Name.String()
		a.info.Names[name] = true
		if !a.callees[n] {
			a.info.Values[name] = true
		}
	case *ast.PropertyShort:
		a.info.Names[n.Name.Name.String()] = true
		a.info.Values[n.Name.Name.String()] = true
	case *ast.BracketExpression:
		if _, ok := constantString(n.Member); !ok {
			if _, number := n.Member.(*ast.NumberLiteral); !number {
				a.info.Dynamic = true
			}
		}
	case *ast.StringLiteral:
		a.literal(n.Value.String())
	case *ast.TemplateElement:
		a.literal(n.Parsed.String())
	case *ast.RegExpLiteral:
		if err := CheckRegexp(n.Pattern, n.Flags); err != nil && !(a.library && errors.Is(err, ErrBacktracking)) {
			a.find(n.Idx, Finding{Code: CodeRegexp, Message: err.Error(), Advice: RegexpAdvice(err)})
		}
	case *ast.WithStatement:
		a.find(n.With, Finding{Code: CodeUnsupported, Message: "the with statement is not supported",
			Advice: "name the object before each property"})
	case *ast.ForOfStatement, *ast.ArrayPattern, *ast.SpreadElement:
		a.info.Iterates = true
	case *ast.YieldExpression:
		if n.Delegate {
			a.info.Iterates = true
		}
	}
}

func (a *analysis) literal(s string) {
	a.info.Names[s], a.info.Values[s] = true, true
	if strings.Contains(s, "rsv_") {
		a.info.Suspects = append(a.info.Suspects, s)
	}
	for _, scheme := range []string{"https://", "http://"} {
		rest, ok := strings.CutPrefix(s, scheme)
		if !ok {
			continue
		}
		if host, _, _ := strings.Cut(rest, "/"); host != "" {
			host, _, _ = strings.Cut(host, "?")
			a.hosts[host] = true
		}
	}
}

// findHolders finds the names bound to context.secrets and context.variables. A
// name bound to another such name needs another round.
func (a *analysis) findHolders(tree *ast.Program) {
	for range 4 {
		before := len(a.holders)
		(&walker{enter: func(n ast.Node) {
			switch n := n.(type) {
			case *ast.Binding:
				a.hold(n.Target, a.holder(n.Initializer))
			case *ast.AssignExpression:
				if n.Operator == token.ASSIGN {
					a.hold(n.Left, a.holder(n.Right))
				}
			case *ast.PropertyShort:
				if name := holderName(n.Name.Name.String()); name != "" {
					a.holders[name] = name
				}
			case *ast.PropertyKeyed:
				if name, ok := constantString(n.Key); ok && holderName(name) != "" {
					a.hold(n.Value, name)
				}
			}
		}}).program(tree)
		if len(a.holders) == before {
			return
		}
	}
}

// hold notes that target is bound to an object of secrets or of variables.
func (a *analysis) hold(target ast.Expression, kind string) {
	if kind == "" {
		return
	}
	switch t := target.(type) {
	case *ast.Identifier:
		a.holders[t.Name.String()] = kind
	case *ast.Binding:
		a.hold(t.Target, kind)
	case *ast.AssignExpression:
		a.hold(t.Left, kind)
	case *ast.ObjectPattern:
		for name := range patternNames(t) {
			a.refer(kind, name)
		}
	}
}

// patternNames gives the constant keys of a pattern, and the identifier that
// each is bound to ("" where that is no plain identifier).
func patternNames(p *ast.ObjectPattern) map[string]string {
	out := map[string]string{}
	for _, prop := range p.Properties {
		switch prop := prop.(type) {
		case *ast.PropertyShort:
			out[prop.Name.Name.String()] = prop.Name.Name.String()
		case *ast.PropertyKeyed:
			if name, ok := constantString(prop.Key); ok {
				out[name] = bound(prop.Value)
			}
		}
	}
	return out
}

func bound(e ast.Expression) string {
	switch e := e.(type) {
	case *ast.Identifier:
		return e.Name.String()
	case *ast.Binding:
		return bound(e.Target)
	case *ast.AssignExpression:
		return bound(e.Left)
	}
	return ""
}

// holder tells which of "secrets", "variables" and "keys" e is, or "".
func (a *analysis) holder(e ast.Expression) string {
	switch e := e.(type) {
	case *ast.Identifier:
		return a.holders[e.Name.String()]
	case *ast.DotExpression:
		return holderName(e.Identifier.Name.String())
	case *ast.BracketExpression:
		name, _ := constantString(e.Member)
		return holderName(name)
	case *ast.OptionalChain:
		return a.holder(e.Expression)
	case *ast.Optional:
		return a.holder(e.Expression)
	case *ast.BinaryExpression:
		if e.Operator == token.LOGICAL_OR || e.Operator == token.COALESCE {
			return a.holder(e.Left)
		}
	}
	return ""
}

func holderName(s string) string {
	if s == "secrets" || s == "variables" || s == "keys" {
		return s
	}
	return ""
}

func (a *analysis) refer(kind, name string) {
	if kind == "keys" {
		if keyName.MatchString(name) && !listNames[name] {
			a.keys[name] = true
		}
		return
	}
	if !IsSecretName(name) {
		return
	}
	if kind == "secrets" {
		a.secrets[name] = true
	} else {
		a.variables[name] = true
	}
}

// references notes the secrets and variables that n names.
func (a *analysis) references(n ast.Node) {
	switch n := n.(type) {
	case *ast.DotExpression:
		if kind := a.holder(n.Left); kind != "" {
			a.refer(kind, n.Identifier.Name.String())
		}
	case *ast.BracketExpression:
		if name, ok := constantString(n.Member); ok {
			if kind := a.holder(n.Left); kind != "" {
				a.refer(kind, name)
			}
		}
	case *ast.CallExpression:
		if name, ok := a.getCall(n); ok {
			a.refer("secrets", name)
		}
		if name, ok := a.propertyCall(n); ok {
			a.refer("secrets", name)
			a.refer("variables", name)
		}
	}
}

// getCall gives NAME of context.secrets.get("NAME").
func (a *analysis) getCall(n *ast.CallExpression) (string, bool) {
	callee, ok := n.Callee.(*ast.DotExpression)
	if !ok || callee.Identifier.Name != "get" || len(n.ArgumentList) == 0 || a.holder(callee.Left) != "secrets" {
		return "", false
	}
	name, ok := constantString(n.ArgumentList[0])
	return name, ok && IsSecretName(name)
}

func constantString(e ast.Expression) (string, bool) {
	switch e := e.(type) {
	case *ast.StringLiteral:
		return e.Value.String(), true
	case *ast.TemplateLiteral:
		if e.Tag == nil && len(e.Expressions) == 0 && len(e.Elements) == 1 {
			return e.Elements[0].Parsed.String(), true
		}
	}
	return "", false
}
