package host

import (
	"errors"
	"regexp"
	"strconv"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/script/program"
	"github.com/reticent/reticent/secretstore/seal"
)

// rejection is a promise's reason.
type rejection struct{ reason goja.Value }

func (rejection) Error() string { return "rejected" }

// Refused gives the failure of a run whose source does not compile.
func Refused(f program.Finding) *Failure {
	return &Failure{Code: Code(f.Code), Message: f.Message, Module: f.Module, Line: f.Line, Column: f.Column}
}

// failure tells what an error of the engine means for the author.
func (h *Host) failure(err error) *Failure {
	var f *Failure
	var refused *seal.Error
	var interrupted *goja.InterruptedError
	var thrown *goja.Exception
	var stack *goja.StackOverflowError
	var rejected rejection
	switch {
	case errors.As(err, &interrupted):
		if f, ok := interrupted.Value().(*Failure); ok {
			if f.Line == 0 {
				f = h.placed(*f, interrupted.Stack())
			}
			return f
		}
		return &Failure{Code: CodeEngine, Message: "the run was interrupted"}
	case errors.As(err, &f):
		return f
	case errors.As(err, &refused):
		return &Failure{Code: refused.Code, Message: refused.Message}
	case errors.As(err, &stack):
		return h.placed(Failure{Code: CodeStack,
			Message: "functions called each other deeper than " + strconv.Itoa(h.limits.CallDepth) + " (the limit CallDepth)"}, stack.Stack())
	case errors.As(err, &rejected):
		return h.thrown(rejected.reason, nil)
	case errors.As(err, &thrown):
		return h.thrown(thrown.Value(), thrown.Stack())
	}
	return &Failure{Code: CodeEngine, Message: "the engine failed"}
}

// placed gives f the place of the innermost frame of the author's source.
func (h *Host) placed(f Failure, stack []goja.StackFrame) *Failure {
	for i := range stack {
		if p := stack[i].Position(); program.IsSource(p.Filename) {
			f.Module, f.Line, f.Column = program.ModuleOf(p.Filename), p.Line, p.Column
			break
		}
	}
	return &f
}

// position finds the place in the text of an error's stack.
var position = regexp.MustCompile(`\b(` + regexp.QuoteMeta(program.FileName) + "|" + regexp.QuoteMeta(program.TypeScriptName) + `|modules/[\w-]{1,124}\.[jt]s):(\d{1,6}):(\d{1,6})`)

// thrown describes a value that the script threw. Reading it runs the script's
// own code, which may throw again.
func (h *Host) thrown(v goja.Value, stack []goja.StackFrame) *Failure {
	f := Failure{Code: CodeScript, Message: "the script threw a value that cannot be shown"}
	o, isObject := v.(*goja.Object)
	if isObject {
		if code, ok := h.codes[o]; ok {
			f.Code = code
		}
	}
	var trace string
	ex := h.vm.Try(func() {
		f.Message = h.describe(v)
		if isObject && o.ClassName() == "Error" {
			if s := o.Get("stack"); s != nil && goja.IsString(s) {
				trace = s.String()
			}
		}
	})
	if ex != nil {
		f.Message = "the script threw a value that cannot be shown"
	}
	if m := position.FindStringSubmatch(trace); m != nil {
		f.Module = program.ModuleOf(m[1])
		f.Line, _ = strconv.Atoi(m[2])
		f.Column, _ = strconv.Atoi(m[3])
		return &f
	}
	return h.placed(f, stack)
}

// describe gives "Name: message" for an error and what console.log would print
// for anything else.
func (h *Host) describe(v goja.Value) string {
	if o, ok := v.(*goja.Object); ok {
		if _, ours := h.codes[o]; ours {
			return o.Get("message").String()
		}
		if o.ClassName() == "Error" {
			return errorText(o)
		}
	}
	return h.format([]goja.Value{v})
}

func errorText(o *goja.Object) string {
	name, message := text(o.Get("name"), "Error"), text(o.Get("message"), "")
	switch {
	case message == "":
		return name
	case name == "":
		return message
	}
	return name + ": " + message
}

func text(v goja.Value, otherwise string) string {
	if v == nil || goja.IsUndefined(v) {
		return otherwise
	}
	return v.String()
}

// newError makes an error that carries a code.
func (h *Host) newError(code Code, message string) *goja.Object {
	o := h.vm.NewTypeError("%s", message)
	define(o, "code", h.vm.ToValue(string(code)))
	h.codes[o] = code
	return o
}

// throw throws a code and a message into the script.
func (h *Host) throw(code Code, message string) {
	panic(h.newError(code, message))
}

// refuse throws what a use of a secret that would look inside it gets.
func (h *Host) refuse(what, instead string) {
	h.throw(seal.CodeInspected, what+" would look inside a secret; "+instead)
}

// must passes on an error of the bridge: what the script may handle it gets
// thrown, anything else ends the run, past every catch.
func (h *Host) must(err error) {
	if err == nil {
		return
	}
	var refused *seal.Error
	if !errors.As(err, &refused) {
		refused = &seal.Error{Code: CodeEngine, Message: "the host did not answer"}
	}
	switch refused.Code {
	case seal.CodeUnavailable, seal.CodeLimited, seal.CodeLiveSurrogate, CodeCalls, CodeFetchLimit, CodeEngine:
		h.end(refused)
	}
	h.throw(refused.Code, refused.Message)
}

// end ends the run past every catch: the engine stops before its next
// instruction, and the exception stops the function that runs now.
func (h *Host) end(reason *seal.Error) {
	h.ended = h.placed(Failure{Code: reason.Code, Message: reason.Message}, h.vm.CaptureCallStack(0, nil))
	h.vm.Interrupt(h.ended)
	panic(h.newError(reason.Code, reason.Message))
}
