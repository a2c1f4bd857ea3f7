package host

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/script/program"
	"github.com/reticent/reticent/secretstore/seal"
)

// context makes what the handler is called with.
func (h *Host) context() (goja.Value, error) {
	o := h.vm.NewObject()
	for _, name := range slices.Sorted(maps.Keys(h.job.Context)) {
		if err := h.setJSON(o, name, h.job.Context[name]); err != nil {
			return nil, err
		}
	}
	if err := h.setJSON(o, "input", h.job.Input); err != nil {
		return nil, err
	}
	variables := h.job.Variables
	if variables == nil {
		variables = json.RawMessage("{}")
	}
	if err := h.setJSON(o, "variables", variables); err != nil {
		return nil, err
	}
	secrets := h.vm.NewDynamicObject(h.secretsOfRun())
	cache := h.vm.NewDynamicObject(&contextCache{h: h})
	if err := o.DefineDataProperty("cache", cache, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_TRUE); err != nil {
		return nil, err
	}
	if _, given := h.job.Context["keys"]; !given || len(h.job.Keys) > 0 {
		keys := h.vm.NewDynamicObject(&contextKeys{h: h})
		if err := o.DefineDataProperty("keys", keys, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_TRUE); err != nil {
			return nil, err
		}
	}
	return o, o.DefineDataProperty("secrets", secrets, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_TRUE)
}

// secretsOfRun are the secrets of the set, and as missing what the source names
// and the set does not have.
func (h *Host) secretsOfRun() *secrets {
	if h.secrets != nil {
		return h.secrets
	}
	set := h.job.Secrets
	if slices.ContainsFunc(h.job.Script.Secrets, func(name string) bool { _, ok := set[name]; return !ok }) {
		set = make(map[string]Secret, len(h.job.Secrets))
		for _, name := range h.job.Script.Secrets {
			set[name] = Secret{Missing: true}
		}
		maps.Copy(set, h.job.Secrets)
	}
	h.secrets = &secrets{h: h, set: set}
	return h.secrets
}

func (h *Host) setJSON(o *goja.Object, name string, raw json.RawMessage) error {
	if raw == nil {
		return nil
	}
	v, err := h.readJSON(raw)
	if err != nil { // the text was valid JSON
		return &Failure{Code: CodeInput, Message: "context." + name + " has a number that JavaScript cannot hold"}
	}
	return o.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
}

// secrets is context.secrets: the names of the static set and nothing else. A
// name that the source says and the set does not have is a missing secret.
type secrets struct {
	h      *Host
	set    map[string]Secret
	values map[string]goja.Value
	// The methods, made when they are asked for.
	getter, setter *goja.Object
}

// protocols are names that the language asks every object for.
var protocols = map[string]bool{"then": true, "toJSON": true, "length": true}

// Get gives a secret. One that is missing ends the run; nil leaves the name to
// the prototype.
func (s *secrets) Get(key string) goja.Value {
	switch key {
	case "get":
		if s.getter == nil {
			s.getter = s.h.function("get", 1, s.getMethod)
		}
		return s.getter
	case "set":
		if s.setter == nil {
			s.setter = s.h.function("set", 3, s.setMethod)
		}
		return s.setter
	}
	v, found := s.lookup(key)
	if found {
		if v == nil {
			s.h.end(seal.Errorf(seal.CodeUnavailable, "secret %s is absent, disabled or expired in this scope; create or enable it", key))
		}
		return v
	}
	if protocols[key] || !program.IsSecretName(key) {
		return nil
	}
	s.notNamed()
	return nil
}

func (s *secrets) notNamed() {
	s.h.throw(CodeNotNamed, "context.secrets was asked for a secret that the script does not name; write context.secrets.NAME with the name itself, so that it can be checked")
}

// lookup gives the value of a secret of the set, nil where it is missing.
func (s *secrets) lookup(name string) (v goja.Value, found bool) {
	secret, found := s.set[name]
	if !found || secret.Missing {
		return nil, found
	}
	if v, ok := s.values[name]; ok {
		return v, true
	}
	if s.values == nil {
		s.values = map[string]goja.Value{}
	}
	v = s.h.fromJSON(secret.Value)
	s.values[name] = v
	return v, true
}

// fromJSON makes plain objects and arrays, which no script can tell from its own.
func (h *Host) fromJSON(v any) goja.Value {
	switch v := v.(type) {
	case map[string]any:
		o := h.vm.NewObject()
		for _, k := range slices.Sorted(maps.Keys(v)) {
			_ = o.DefineDataProperty(k, h.fromJSON(v[k]), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
		}
		return o
	case []any:
		list := make([]any, len(v))
		for i, el := range v {
			list[i] = h.fromJSON(el)
		}
		return h.vm.NewArray(list...)
	case json.Number:
		// One with more digits than a number of JavaScript can tell apart.
		f, _ := v.Float64()
		return h.vm.ToValue(f)
	}
	return h.vm.ToValue(v)
}

// getMethod is context.secrets.get: undefined where the secret is missing.
func (s *secrets) getMethod(c goja.FunctionCall) goja.Value {
	name := s.h.key(c.Argument(0)).String()
	v, found := s.lookup(name)
	if !found {
		s.notNamed()
	}
	if v == nil {
		return goja.Undefined()
	}
	return v
}

// setMethod is context.secrets.set(name, value, scope): the next run sees it.
func (s *secrets) setMethod(c goja.FunctionCall) goja.Value {
	h := s.h
	if !h.job.CanSet {
		panic(h.vm.NewTypeError("context.secrets.set is not available here"))
	}
	name := h.key(c.Argument(0)).String()
	text := h.call(h.json().stringify, goja.Undefined(), c.Argument(1))
	if !goja.IsString(text) {
		panic(h.vm.NewTypeError("context.secrets.set: the value has no JSON"))
	}
	var value any
	if err := json.Unmarshal([]byte(text.String()), &value); err != nil {
		panic(h.vm.NewTypeError("context.secrets.set: the value has no JSON"))
	}
	scope := ""
	if v := c.Argument(2); !isNullish(v) {
		scope = h.key(v).String()
	}
	h.must(h.bridge.SetSecret(name, value, scope))
	return goja.Undefined()
}

// Set refuses.
func (s *secrets) Set(string, goja.Value) bool {
	panic(s.h.vm.NewTypeError("context.secrets cannot be written; use context.secrets.set(name, value, scope)"))
}

// Has tells only what the script's own text says.
func (s *secrets) Has(key string) bool {
	secret, ok := s.set[key]
	return ok && !secret.Missing
}

// Delete refuses.
func (s *secrets) Delete(string) bool { return false }

// Keys are the names of the static set that there is a secret for.
func (s *secrets) Keys() []string {
	var names []string
	for name, secret := range s.set {
		if !secret.Missing {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
