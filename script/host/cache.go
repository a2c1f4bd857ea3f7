package host

import (
	"github.com/dop251/goja"
)

// Cache is the part of [Bridge] that context.cache uses. Values are JSON texts.
type Cache interface {
	// CacheGet gives what is kept under a key.
	CacheGet(key string) (text string, found bool, err error)
	// CacheSet keeps a value for seconds; 0 is the default.
	CacheSet(key, text string, seconds float64) error
	// CacheDelete forgets a key.
	CacheDelete(key string) error
}

// contextCache is context.cache. Its methods are made when they are asked for.
type contextCache struct {
	h       *Host
	methods map[string]goja.Value
}

// Get gives a method.
func (c *contextCache) Get(name string) goja.Value {
	if m := c.methods[name]; m != nil {
		return m
	}
	var m goja.Value
	switch name {
	case "get":
		m = c.h.function("get", 1, c.get)
	case "set":
		m = c.h.function("set", 3, c.set)
	case "delete":
		m = c.h.function("delete", 1, c.delete)
	default:
		return nil
	}
	if c.methods == nil {
		c.methods = map[string]goja.Value{}
	}
	c.methods[name] = m
	return m
}

// get gives a value, undefined where there is none.
func (c *contextCache) get(call goja.FunctionCall) goja.Value {
	text, found, err := c.h.bridge.CacheGet(c.key(call))
	c.h.must(err)
	if !found {
		return goja.Undefined()
	}
	return c.h.call(c.h.json().parse, goja.Undefined(), c.h.vm.ToValue(text))
}

// set keeps what JSON keeps of a value.
func (c *contextCache) set(call goja.FunctionCall) goja.Value {
	h := c.h
	key := c.key(call)
	text := h.call(h.json().stringify, goja.Undefined(), call.Argument(1))
	if !goja.IsString(text) {
		panic(h.vm.NewTypeError("context.cache.set: the value has no JSON"))
	}
	seconds := 0.
	if v := call.Argument(2); !isNullish(v) {
		if seconds = h.number(v).ToFloat(); seconds == 0 {
			seconds = -1 // which is refused: 0 would be the default
		}
	}
	h.must(h.bridge.CacheSet(key, text.String(), seconds))
	return goja.Undefined()
}

func (c *contextCache) delete(call goja.FunctionCall) goja.Value {
	c.h.must(c.h.bridge.CacheDelete(c.key(call)))
	return goja.Undefined()
}

func (c *contextCache) key(call goja.FunctionCall) string {
	return c.h.key(call.Argument(0)).String()
}

// Set refuses.
func (c *contextCache) Set(string, goja.Value) bool {
	panic(c.h.vm.NewTypeError("context.cache cannot be written; use context.cache.set(key, value, seconds)"))
}

// Has tells of the methods.
func (c *contextCache) Has(name string) bool { return c.Get(name) != nil }

// Delete refuses.
func (c *contextCache) Delete(string) bool { return false }

// Keys are none: what is cached is not listed.
func (c *contextCache) Keys() []string { return nil }
