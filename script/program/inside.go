package program

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
)

// What a script may do with a secret, for advice.
const (
	adviceUse     = "compare it whole (===), concatenate it, encode it (btoa, encodeURIComponent, JSON.stringify) or send it with fetch"
	adviceCompare = "compare it with === (in a loop over the others), which the host does on plaintext"
	adviceParts   = "store the parts as the fields of a structured secret: context.secrets.NAME.field"
)

// stringInspectors are methods that only strings have and that look inside.
var stringInspectors = map[string]string{
	"charAt": adviceParts, "charCodeAt": adviceParts, "codePointAt": adviceParts,
	"startsWith": adviceCompare, "endsWith": adviceCompare, "localeCompare": adviceCompare,
	"match": adviceUse, "matchAll": adviceUse, "search": adviceUse,
	"replace": adviceUse, "replaceAll": adviceUse, "normalize": adviceUse,
	"split": adviceParts, "substring": adviceParts, "substr": adviceParts,
	"padStart": adviceUse, "padEnd": adviceUse,
	"toLowerCase": "store it in the case that it is compared in", "toUpperCase": "store it in the case that it is compared in",
	"toLocaleLowerCase": "store it in the case that it is compared in", "toLocaleUpperCase": "store it in the case that it is compared in",
	"trim": "store it without the white space", "trimStart": "store it without the white space", "trimEnd": "store it without the white space",
}

// sharedInspectors are what arrays have too; on a structured secret they are
// metadata.
var sharedInspectors = map[string]string{
	"length": adviceUse, "slice": adviceParts, "at": adviceParts, "lastIndexOf": adviceCompare,
}

// inspectingFunctions are the globals that look inside their first argument.
var inspectingFunctions = map[string]string{
	"parseInt": adviceUse, "parseFloat": adviceUse, "Number": adviceUse, "BigInt": adviceUse,
	"isNaN": adviceUse, "isFinite": adviceUse, "Symbol": adviceUse, "Date": adviceUse, "RegExp": adviceUse,
	"atob":               "store the decoded value",
	"decodeURIComponent": "store the decoded value", "decodeURI": "store the decoded value",
	"escape": adviceUse, "unescape": adviceUse,
}

// takingApart are the methods of globals that take a string argument apart.
var takingApart = map[string]map[string]bool{
	"Object":  {"keys": true, "values": true, "entries": true, "assign": true, "getOwnPropertyNames": true},
	"Array":   {"from": true},
	"Reflect": {"ownKeys": true},
}

// findValues finds the identifiers that a const binds to a secret and nothing
// else ever does.
func (a *analysis) findValues(tree *ast.Program) {
	for range 4 {
		before := len(a.values)
		(&walker{enter: func(n ast.Node) {
			d, ok := n.(*ast.LexicalDeclaration)
			if !ok || d.Token != token.CONST {
				return
			}
			for _, b := range d.List {
				a.bindValue(b)
			}
		}}).program(tree)
		if len(a.values) == before {
			return
		}
	}
}

func (a *analysis) bindValue(b *ast.Binding) {
	switch target := b.Target.(type) {
	case *ast.Identifier:
		name := target.Name.String()
		if a.declared[name] != 1 {
			return
		}
		if secret := a.secret(b.Initializer); secret != "" {
			a.values[name] = secret
		}
		if _, ok := b.Initializer.(*ast.RegExpLiteral); ok {
			a.regexps[name] = true
		}
	case *ast.ObjectPattern:
		if a.holder(b.Initializer) == "secrets" {
			a.bindPattern(target)
			return
		}
		for _, p := range target.Properties { // const { secrets: { NAME } } = context
			if p, ok := p.(*ast.PropertyKeyed); ok {
				if name, _ := constantString(p.Key); name == "secrets" {
					if inner, ok := p.Value.(*ast.ObjectPattern); ok {
						a.bindPattern(inner)
					}
				}
			}
		}
	}
}

func (a *analysis) bindPattern(p *ast.ObjectPattern) {
	for secret, name := range patternNames(p) {
		if IsSecretName(secret) && a.declared[name] == 1 {
			a.values[name] = secret
		}
	}
}

// secret gives the name of the secret that e is, or "". A field of a structured
// secret is one too.
func (a *analysis) secret(e ast.Expression) string {
	switch e := e.(type) {
	case *ast.Identifier:
		return a.values[e.Name.String()]
	case *ast.DotExpression:
		return a.secretMember(e.Left, e.Identifier.Name.String())
	case *ast.BracketExpression:
		if name, ok := constantString(e.Member); ok {
			return a.secretMember(e.Left, name)
		}
	case *ast.CallExpression:
		if name, ok := a.getCall(e); ok {
			return name
		}
	case *ast.OptionalChain:
		return a.secret(e.Expression)
	case *ast.Optional:
		return a.secret(e.Expression)
	}
	return ""
}

func (a *analysis) secretMember(object ast.Expression, name string) string {
	if a.holder(object) == "secrets" {
		if IsSecretName(name) {
			return name
		}
		return ""
	}
	if stringInspectors[name] != "" || sharedInspectors[name] != "" || arrayMethods[name] {
		return ""
	}
	return a.secret(object)
}

// arrayMethods give something other than a secret's field.
var arrayMethods = map[string]bool{
	"includes": true, "indexOf": true, "concat": true, "some": true, "every": true, "find": true, "findIndex": true,
	"filter": true, "map": true, "forEach": true, "join": true, "toString": true, "reduce": true, "flat": true, "repeat": true,
	"entries": true, "keys": true, "values": true, "valueOf": true, "hasOwnProperty": true,
}

// lookInside finds what visibly looks inside a secret.
func (a *analysis) lookInside(tree *ast.Program) {
	(&walker{enter: a.inspect}).program(tree)
}

func (a *analysis) inspected(at file.Idx, secret, what, advice string, stringOnly bool) {
	if secret == "" {
		return
	}
	a.find(at, Finding{Code: CodeInspects, Message: what + " would look inside the secret " + secret,
		Advice: advice, Secret: secret, StringOnly: stringOnly})
}

func (a *analysis) inspect(n ast.Node) {
	switch n := n.(type) {
	case *ast.DotExpression:
		a.inspectMember(n.Left, n.Identifier.Name.String(), n.Identifier.Idx)
	case *ast.BracketExpression:
		if name, ok := constantString(n.Member); ok && (name == "" || name[0] < '0' || name[0] > '9') {
			a.inspectMember(n.Left, name, n.LeftBracket)
		} else {
			a.inspected(n.LeftBracket, a.secret(n.Left), "taking a character", adviceParts, true)
		}
		a.inspected(n.LeftBracket, a.secret(n.Member), "looking a property up by it", adviceCompare, false)
	case *ast.BinaryExpression:
		a.inspectOperator(n)
	case *ast.AssignExpression:
		if arithmetic(n.Operator) {
			a.inspected(n.Left.Idx0(), a.secret(n.Left), "arithmetic", adviceUse, false)
			a.inspected(n.Right.Idx0(), a.secret(n.Right), "arithmetic", adviceUse, false)
		}
		a.inspectPattern(n.Left, n.Right)
	case *ast.Binding:
		if n.Initializer != nil {
			a.inspectPattern(n.Target, n.Initializer)
		}
	case *ast.UnaryExpression:
		switch n.Operator {
		case token.PLUS, token.MINUS, token.BITWISE_NOT:
			a.inspected(n.Idx, a.secret(n.Operand), "converting to a number", adviceUse, false)
		}
	case *ast.PropertyKeyed:
		if n.Computed {
			a.inspected(n.Key.Idx0(), a.secret(n.Key), "making it the key of an object", adviceCompare, false)
		}
	case *ast.SpreadElement:
		a.inspected(n.Expression.Idx0(), a.secret(n.Expression), "spreading it", adviceParts, true)
	case *ast.ForOfStatement:
		a.inspected(n.Source.Idx0(), a.secret(n.Source), "looping over it", adviceParts, true)
	case *ast.ForInStatement:
		a.inspected(n.Source.Idx0(), a.secret(n.Source), "looping over it", adviceParts, true)
	case *ast.CallExpression:
		a.inspectCall(n.Callee, n.ArgumentList)
	case *ast.NewExpression:
		a.inspectCall(n.Callee, n.ArgumentList)
		a.inspectCollection(n)
	}
}

func (a *analysis) inspectMember(object ast.Expression, name string, at file.Idx) {
	if advice, ok := stringInspectors[name]; ok {
		a.inspected(at, a.secret(object), "."+name, advice, false)
	}
	if advice, ok := sharedInspectors[name]; ok {
		a.inspected(at, a.secret(object), "."+name, advice, true)
	}
}

func (a *analysis) inspectOperator(n *ast.BinaryExpression) {
	what := ""
	switch {
	case arithmetic(n.Operator):
		what = "arithmetic"
	case ordering(n.Operator):
		what = "putting it in order"
	case n.Operator == token.IN:
		a.inspected(n.Left.Idx0(), a.secret(n.Left), "looking a property up by it", adviceCompare, false)
		return
	default:
		return
	}
	a.inspected(n.Left.Idx0(), a.secret(n.Left), what, adviceUse, false)
	a.inspected(n.Right.Idx0(), a.secret(n.Right), what, adviceUse, false)
}

func (a *analysis) inspectPattern(target, value ast.Expression) {
	switch t := target.(type) {
	case *ast.ArrayPattern:
		a.inspected(t.LeftBracket, a.secret(value), "destructuring it", adviceParts, true)
	case *ast.ObjectPattern:
		if looksInto(t) {
			a.inspected(t.LeftBrace, a.secret(value), "destructuring it", adviceParts, true)
		}
	}
}

func (a *analysis) inspectCall(callee ast.Expression, arguments []ast.Expression) {
	if len(arguments) == 0 {
		return
	}
	first := arguments[0]
	secret := a.secret(first)
	if secret == "" {
		return
	}
	switch callee := callee.(type) {
	case *ast.Identifier:
		name := callee.Name.String()
		if advice, ok := inspectingFunctions[name]; ok && a.declared[name] == 0 {
			a.inspected(first.Idx0(), secret, name+"()", advice, false)
		}
	case *ast.DotExpression:
		method := callee.Identifier.Name.String()
		switch object := callee.Left.(type) {
		case *ast.RegExpLiteral:
			a.inspected(first.Idx0(), secret, "a regular expression", adviceUse, false)
		case *ast.Identifier:
			name := object.Name.String()
			switch {
			case a.regexps[name] && (method == "test" || method == "exec"):
				a.inspected(first.Idx0(), secret, "a regular expression", adviceUse, false)
			case takingApart[name][method] && a.declared[name] == 0:
				a.inspected(first.Idx0(), secret, name+"."+method, adviceParts, true)
			}
		}
	}
}

// inspectCollection finds secrets that become keys of a Set or a Map.
func (a *analysis) inspectCollection(n *ast.NewExpression) {
	id, ok := n.Callee.(*ast.Identifier)
	if !ok || len(n.ArgumentList) == 0 || a.declared[id.Name.String()] != 0 {
		return
	}
	list, ok := n.ArgumentList[0].(*ast.ArrayLiteral)
	if !ok {
		return
	}
	for _, el := range list.Value {
		key := el
		if id.Name == "Map" {
			pair, ok := el.(*ast.ArrayLiteral)
			if !ok || len(pair.Value) == 0 {
				continue
			}
			key = pair.Value[0]
		} else if id.Name != "Set" {
			return
		}
		if key != nil {
			a.inspected(key.Idx0(), a.secret(key), "making it a key of a "+id.Name.String(), adviceCompare, true)
		}
	}
}
