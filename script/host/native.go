package host

import (
	"github.com/dop251/goja"

	"github.com/reticent/reticent/script/program"
)

// nativeModules make the modules of [program.NativeModules].
var nativeModules = map[string]func(*Host) goja.Value{
	"crypto":       (*Host).newCrypto,
	"jsonwebtoken": (*Host).newJWT,
}

// require gives the modules that are made here.
func (h *Host) require(call goja.FunctionCall) goja.Value {
	name, ok := program.NativeModule(h.key(call.Argument(0)).String())
	if !ok {
		panic(h.vm.NewTypeError("require is not available for this name; it gives crypto and jsonwebtoken: write the function out, or use what the host gives (fetch, btoa, URLSearchParams, console)"))
	}
	return nativeModules[name](h)
}
