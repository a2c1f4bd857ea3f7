package host

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// How much of a value console.log shows, as in Node.
const (
	inspectDepth   = 2
	inspectItems   = 100
	inspectColumns = 72
	inspectText    = 64 << 10
	inspectBytes   = 50
)

// format is what console.log prints for its arguments.
func (h *Host) format(args []goja.Value) string {
	var parts []string
	if len(args) > 1 {
		if s, ok := args[0].(goja.String); ok && strings.Contains(s.String(), "%") {
			var first string
			first, args = h.directives(s.String(), args[1:])
			parts = append(parts, first)
		}
	}
	for _, v := range args {
		if s, ok := v.(goja.String); ok {
			parts = append(parts, s.String())
			continue
		}
		parts = append(parts, h.inspect(v))
	}
	return strings.Join(parts, " ")
}

// directives fills in %s, %d, %i, %f, %j, %o, %O and drops %c.
func (h *Host) directives(s string, args []goja.Value) (string, []goja.Value) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		d := s[i+1]
		if d == '%' {
			b.WriteByte('%')
			i++
			continue
		}
		if strings.IndexByte("sdifjoOc", d) < 0 || len(args) == 0 {
			b.WriteByte('%')
			continue
		}
		v := args[0]
		args = args[1:]
		i++
		_, held := h.sealedText(v)
		switch {
		case d == 'c':
		case d == 's' && goja.IsString(v) || held:
			b.WriteString(v.String())
		case d == 'd' || d == 'f':
			b.WriteString(strconv.FormatFloat(h.number(v).ToFloat(), 'f', -1, 64))
		case d == 'i':
			b.WriteString(strconv.FormatInt(h.number(v).ToInteger(), 10))
		case d == 'j':
			b.WriteString(text(h.call(h.json().stringify, goja.Undefined(), v), "undefined"))
		default:
			b.WriteString(h.inspect(v))
		}
	}
	return b.String(), args
}

// inspector prints one value.
type inspector struct {
	h    *Host
	open []*goja.Object
	size int
}

func (h *Host) inspect(v goja.Value) string {
	in := &inspector{h: h}
	return in.value(v, 0)
}

func (in *inspector) value(v goja.Value, indent int) string {
	switch v := v.(type) {
	case nil:
		return "undefined"
	case goja.String:
		return quote(v.String())
	case *goja.Symbol:
		return "Symbol(" + v.String() + ")"
	case *goja.Object:
		return in.object(v, indent)
	}
	if goja.IsBigInt(v) {
		return v.String() + "n"
	}
	return v.String()
}

func quote(s string) string {
	q := "'"
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		q = `"`
	}
	r := strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, q, `\`+q)
	return q + r.Replace(s) + q
}

func (in *inspector) object(o *goja.Object, indent int) string {
	for _, parent := range in.open {
		if parent == o {
			return "[Circular *1]"
		}
	}
	if s, ok := in.bytes(o); ok {
		return s
	}
	class := o.ClassName()
	if class == "Function" {
		if name := text(o.Get("name"), ""); name != "" {
			return "[Function: " + name + "]"
		}
		return "[Function (anonymous)]"
	}
	switch class {
	case "Error":
		return in.error(o)
	case "RegExp", "Date", "Boolean", "Number", "String":
		return o.String()
	case "Promise":
		return "Promise {}"
	}
	if len(in.open) > inspectDepth {
		if class == "Array" {
			return "[Array]"
		}
		return "[Object]"
	}
	in.open = append(in.open, o)
	defer func() { in.open = in.open[:len(in.open)-1] }()
	if class == "Array" {
		return in.list("", "[", "]", in.elements(o, indent), indent)
	}
	prefix := ""
	if c, ok := o.Get("constructor").(*goja.Object); ok && c.ClassName() == "Function" {
		if name := text(c.Get("name"), ""); name != "Object" && name != "" {
			prefix = name + " "
		}
	}
	if class := text(o.GetSymbol(goja.SymToStringTag), ""); class == "Map" || class == "Set" {
		return in.list(prefix, "{", "}", in.collection(o, class, indent), indent)
	}
	return in.list(prefix, "{", "}", in.properties(o, indent), indent)
}

// bytes prints a Buffer, an ArrayBuffer and sealed bytes.
func (in *inspector) bytes(o *goja.Object) (string, bool) {
	h := in.h
	if s, ok := h.sealed[o]; ok {
		shown := ""
		h.eachToken(s.bytes, func(start, end int) { shown += " " + s.bytes[start:end] })
		return "<" + s.kind.String() + shown + ">", true
	}
	if !isArrayBuffer(o) && !h.isBuffer(o) {
		return "", false
	}
	b, _ := h.memory(o)
	shown := fmt.Sprintf("% x", b[:min(len(b), inspectBytes)])
	if more := len(b) - inspectBytes; more > 0 {
		shown += fmt.Sprintf(" ... %d more bytes", more)
	}
	if isArrayBuffer(o) {
		return fmt.Sprintf("ArrayBuffer { [Uint8Contents]: <%s>, byteLength: %d }", shown, len(b)), true
	}
	return strings.TrimRight("<Buffer "+shown, " ") + ">", true
}

func (in *inspector) error(o *goja.Object) string {
	head := errorText(o)
	stack := text(o.Get("stack"), "")
	if i := strings.Index(stack, "\n"); i >= 0 {
		return head + stack[i:]
	}
	return head
}

func (in *inspector) elements(o *goja.Object, indent int) (out []string) {
	n := int(o.Get("length").ToInteger())
	for i := range min(n, inspectItems) {
		out = append(out, in.item(o.Get(strconv.Itoa(i)), indent))
		if in.size > inspectText {
			return append(out, "...")
		}
	}
	if n > inspectItems {
		out = append(out, "... "+strconv.Itoa(n-inspectItems)+" more items")
	}
	return out
}

func (in *inspector) item(v goja.Value, indent int) string {
	s := in.value(v, indent+2)
	in.size += len(s)
	return s
}

func (in *inspector) properties(o *goja.Object, indent int) (out []string) {
	for i, k := range o.Keys() {
		if i == inspectItems || in.size > inspectText {
			return append(out, "...")
		}
		out = append(out, propertyName(k)+": "+in.item(o.Get(k), indent))
	}
	return out
}

func propertyName(k string) string {
	for i, r := range k {
		if r != '_' && r != '$' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return quote(k)
		}
	}
	if k == "" {
		return "''"
	}
	return k
}

func (in *inspector) collection(o *goja.Object, class string, indent int) (out []string) {
	each, ok := goja.AssertFunction(o.Get("forEach"))
	if !ok {
		return nil
	}
	in.h.call(each, o, in.h.vm.ToValue(func(c goja.FunctionCall) goja.Value {
		switch {
		case len(out) > inspectItems || in.size > inspectText:
		case class == "Map":
			out = append(out, in.item(c.Argument(1), indent)+" => "+in.item(c.Argument(0), indent))
		default:
			out = append(out, in.item(c.Argument(0), indent))
		}
		return goja.Undefined()
	}))
	return out
}

// list joins items on one line where they fit.
func (in *inspector) list(prefix, open, end string, items []string, indent int) string {
	if len(items) == 0 {
		return prefix + open + end
	}
	one := prefix + open + " " + strings.Join(items, ", ") + " " + end
	if len(one) <= inspectColumns && !strings.Contains(one, "\n") {
		return one
	}
	pad := strings.Repeat(" ", indent+2)
	return prefix + open + "\n" + pad + strings.Join(items, ",\n"+pad) + "\n" + pad[:indent] + end
}
