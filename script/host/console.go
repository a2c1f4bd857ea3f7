package host

import (
	"strings"

	"github.com/dop251/goja"
)

// console keeps what a script logs. Lines are cut to size by the server, after
// they are masked; here they are only kept from filling the memory.
type console struct {
	lines     []Line
	bytes     int
	truncated bool
}

// slack is how many times as much text as the limit is kept here: masking makes
// text shorter, and the limit is about masked text.
const slack = 4

func (h *Host) newConsole() goja.Value {
	o := h.vm.NewObject()
	for _, level := range []string{"log", "info", "warn", "error", "debug", "trace"} {
		h.method(o, level, 0, func(c goja.FunctionCall) goja.Value {
			h.log(level, c.Arguments)
			return goja.Undefined()
		})
	}
	return o
}

func (h *Host) log(level string, args []goja.Value) {
	c := &h.console
	if len(c.lines) >= h.limits.ConsoleLines {
		c.truncated = true
		return
	}
	room := slack*h.limits.ConsoleBytes - c.bytes
	if room <= 0 {
		c.truncated = true
		return
	}
	text := h.format(args)
	if len(text) > room {
		text = cut(text, room)
		c.truncated = true
	}
	c.bytes += len(text)
	c.lines = append(c.lines, Line{Level: level, Text: text})
}

// cut shortens s to at most n bytes, not in the middle of what may be a surrogate
// or of a character.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(s[:n], "")
	if i := strings.LastIndex(s, surrogatePrefix); i >= 0 && i+surrogateChars > len(s) {
		s = s[:i]
	}
	for i := len(surrogatePrefix) - 1; i > 0; i-- { // "…rs"
		if strings.HasSuffix(s, surrogatePrefix[:i]) {
			return s[:len(s)-i]
		}
	}
	return s
}
