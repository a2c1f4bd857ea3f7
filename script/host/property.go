package host

import (
	"github.com/dop251/goja"

	"github.com/reticent/reticent/script/program"
)

// propertyObject makes systemEnv or identityServer, ForgeRock's ways to secrets
// and variables: getProperty(name, default).
func (h *Host) propertyObject() goja.Value {
	o := h.vm.NewObject()
	h.method(o, "getProperty", 2, func(c goja.FunctionCall) goja.Value {
		name := program.PropertyName(h.key(c.Argument(0)).String())
		v, found := h.secretsOfRun().lookup(name)
		if v != nil {
			return v
		}
		if v := h.variable(name); v != nil {
			return v
		}
		if !found && program.IsSecretName(name) {
			h.secrets.notNamed()
		}
		if otherwise := c.Argument(1); !goja.IsUndefined(otherwise) {
			return otherwise
		}
		return goja.Null()
	})
	return o
}

// variable gives a variable as text, as ForgeRock gives them: of what is no string
// its JSON.
func (h *Host) variable(name string) goja.Value {
	if h.job.Variables == nil {
		return nil
	}
	if h.variables == nil {
		h.variables, _ = h.call(h.json().parse, goja.Undefined(), h.vm.ToValue(string(h.job.Variables))).(*goja.Object)
	}
	o := h.variables
	for _, k := range o.Keys() {
		if k != name {
			continue
		}
		v := o.Get(name)
		if goja.IsString(v) {
			return v
		}
		return h.call(h.json().stringify, goja.Undefined(), v)
	}
	return nil
}
