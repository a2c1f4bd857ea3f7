package host

import (
	"strings"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/secretstore/seal"
)

// builtins classifies every function that a script can reach. A test walks the
// engine's global object and requires that each function is here.
//
// The key is where a function is. The value says what it does to text, as
// THIS:ARGUMENTS, one letter each, or is one of the words below. A letter
// followed by * stands for all further arguments.
//
//   - is not looked into
//     t  is taken as text, whose characters matter
//     s  is made a string, whose characters matter
//     n  is made a number
//     d  is made a number or parsed as a date
//     k  is made the name of a property
//     v  is a key of a collection: looked up as it is
//     o  is looked into when it is a string
//     e  is a list whose elements are made numbers
//     p  is a pattern: a regular expression, or text
//     x  is text that becomes a regular expression
//     r  is a replacement: a function, or text
//     c  is a Set or a Map
//
// An argument that a letter other than "-" stands for may not be sealed.
const (
	safe     = ""        // does not look into text
	removed  = "removed" // is not there
	replaced = "replaced"
)

var builtins = map[string]map[string]string{
	"": {
		"eval": removed, "Function": removed, "GoError": removed,
		"Object": "ctor -:v", "Array": safe, "String": "ctor -:s", "Number": "ctor -:n", "BigInt": "ctor -:n",
		"RegExp": replaced, "Date": "ctor -:dn*", "Boolean": safe, "Proxy": safe, "Symbol": "ctor -:s",
		"Error": safe, "AggregateError": safe, "TypeError": safe, "ReferenceError": safe, "SyntaxError": safe,
		"RangeError": safe, "EvalError": safe, "URIError": safe,
		"ArrayBuffer": "ctor -:n-", "DataView": "ctor -:-nn",
		"Uint8Array": "ctor -:enn", "Uint8ClampedArray": "ctor -:enn", "Int8Array": "ctor -:enn", "Uint16Array": "ctor -:enn",
		"Int16Array": "ctor -:enn", "Uint32Array": "ctor -:enn", "Int32Array": "ctor -:enn", "Float32Array": "ctor -:enn",
		"Float64Array": "ctor -:enn", "BigInt64Array": "ctor -:enn", "BigUint64Array": "ctor -:enn",
		"WeakSet": safe, "WeakMap": safe, "Map": safe, "Set": safe, // their add and set are guarded
		"Promise": safe, "isNaN": "-:n", "isFinite": "-:n", "parseInt": "-:sn", "parseFloat": "-:s",
		"decodeURI": "-:s", "decodeURIComponent": "-:s", "escape": "-:s", "unescape": "-:s",
		"encodeURI": replaced, "encodeURIComponent": replaced,
	},
	"Object": {
		"assign": "-:oo*", "defineProperty": "-:-k-", "defineProperties": safe, "entries": "-:o",
		"getOwnPropertyDescriptor": "-:ok", "getOwnPropertyDescriptors": "-:o", "getPrototypeOf": safe, "is": replaced,
		"getOwnPropertyNames": "-:o", "getOwnPropertySymbols": safe, "create": safe, "seal": safe, "freeze": safe,
		"preventExtensions": safe, "isSealed": safe, "isFrozen": safe, "isExtensible": safe, "keys": "-:o",
		"setPrototypeOf": safe, "values": "-:o", "fromEntries": replaced, "hasOwn": "-:ok",
	},
	"Object.prototype": {
		"toString": safe, "toLocaleString": safe, "valueOf": "o:", "hasOwnProperty": "o:k", "isPrototypeOf": safe,
		"propertyIsEnumerable": "o:k",
	},
	"Function.prototype": {
		"apply": "-:-o", "bind": safe, "call": safe, "toString": safe, "@@hasInstance": safe, "constructor": removed,
	},
	"GeneratorFunction.prototype": {"constructor": removed},
	"AsyncFunction.prototype":     {"constructor": removed},
	"Array":                       {"from": "-:o-", "isArray": safe, "of": safe},
	"Array.prototype": {
		"at": "o:n", "concat": "o:", "copyWithin": "o:nnn", "entries": "o:", "every": "o:", "fill": "o:-nn", "filter": "o:",
		"find": "o:", "findIndex": "o:", "findLast": "o:", "findLastIndex": "o:", "flat": "o:n", "flatMap": "o:", "forEach": "o:",
		"includes": replaced, "indexOf": replaced, "join": "o:", "keys": "o:", "lastIndexOf": replaced, "map": "o:",
		"pop": "o:", "push": "o:", "reduce": "o:", "reduceRight": "o:", "reverse": "o:", "shift": "o:", "slice": "o:nn",
		"some": "o:", "sort": replaced, "splice": "o:nn", "toLocaleString": "o:", "toString": "o:", "unshift": "o:",
		"with": "o:n", "toReversed": "o:", "toSorted": replaced, "toSpliced": "o:nn", "values": "o:",
	},
	"String": {"fromCharCode": "-:n*", "fromCodePoint": "-:n*", "raw": replaced},
	"String.prototype": {
		"at": "t:n", "charAt": "t:n", "charCodeAt": "t:n", "codePointAt": "t:n", "concat": safe, "endsWith": "t:pn",
		"includes": replaced, "indexOf": replaced, "lastIndexOf": "t:sn", "localeCompare": "t:s", "match": "t:x",
		"matchAll": "t:x", "normalize": "t:s", "padEnd": "t:ns", "padStart": "t:ns", "repeat": "-:n", "replace": "t:pr",
		"replaceAll": "t:pr", "search": "t:x", "slice": replaced, "split": "t:pn", "startsWith": replaced, "substring": replaced,
		"toLocaleLowerCase": "t:", "toLocaleUpperCase": "t:", "toLowerCase": "t:", "toString": safe, "toUpperCase": "t:",
		"trim": "t:", "trimEnd": "t:", "trimStart": "t:", "valueOf": safe, "substr": "t:nn", "@@iterator": "t:",
	},
	"Number": {"isFinite": safe, "isInteger": safe, "isNaN": safe, "isSafeInteger": safe, "parseFloat": "-:s", "parseInt": "-:sn"},
	"Number.prototype": {
		"toExponential": "-:n", "toFixed": "-:n", "toLocaleString": safe, "toPrecision": "-:n", "toString": "-:n", "valueOf": safe,
	},
	"BigInt":           {"asIntN": "-:nn", "asUintN": "-:nn"},
	"BigInt.prototype": {"toLocaleString": safe, "toString": "-:n", "valueOf": safe},
	"RegExp.prototype": {
		"compile": removed, "exec": "-:s", "test": "-:s", "toString": safe, "@@match": "-:s", "@@matchAll": "-:s",
		"@@search": "-:s", "@@split": "-:sn", "@@replace": "-:sr", "constructor": replaced,
	},
	"Date": {"parse": "-:s", "UTC": "-:n*", "now": safe},
	"Date.prototype": {
		"toString": safe, "toDateString": safe, "toTimeString": safe, "toLocaleString": safe, "toLocaleDateString": safe,
		"toLocaleTimeString": safe, "valueOf": safe, "getTime": safe, "getFullYear": safe, "getUTCFullYear": safe,
		"getMonth": safe, "getUTCMonth": safe, "getDate": safe, "getUTCDate": safe, "getDay": safe, "getUTCDay": safe,
		"getHours": safe, "getUTCHours": safe, "getMinutes": safe, "getUTCMinutes": safe, "getSeconds": safe,
		"getUTCSeconds": safe, "getMilliseconds": safe, "getUTCMilliseconds": safe, "getTimezoneOffset": safe,
		"setTime": "-:n*", "setMilliseconds": "-:n*", "setUTCMilliseconds": "-:n*", "setSeconds": "-:n*", "setUTCSeconds": "-:n*",
		"setMinutes": "-:n*", "setUTCMinutes": "-:n*", "setHours": "-:n*", "setUTCHours": "-:n*", "setDate": "-:n*",
		"setUTCDate": "-:n*", "setMonth": "-:n*", "setUTCMonth": "-:n*", "setFullYear": "-:n*", "setUTCFullYear": "-:n*",
		"toUTCString": safe, "toISOString": safe, "toJSON": safe, "@@toPrimitive": safe,
	},
	"Boolean.prototype": {"toString": safe, "valueOf": safe},
	"Proxy":             {"revocable": safe},
	"Reflect": {
		"apply": "-:--o", "construct": "-:-o-", "defineProperty": "-:-k-", "deleteProperty": "-:-k", "get": "-:ok-",
		"getOwnPropertyDescriptor": "-:-k", "getPrototypeOf": safe, "has": "-:-k", "isExtensible": safe, "ownKeys": "-:o",
		"preventExtensions": safe, "set": "-:-k--", "setPrototypeOf": safe,
	},
	"Error": {"isError": safe}, "Error.prototype": {"toString": safe},
	"Math": {
		"abs": "-:n", "acos": "-:n", "acosh": "-:n", "asin": "-:n", "asinh": "-:n", "atan": "-:n", "atanh": "-:n",
		"atan2": "-:nn", "cbrt": "-:n", "ceil": "-:n", "clz32": "-:n", "cos": "-:n", "cosh": "-:n", "exp": "-:n", "expm1": "-:n",
		"floor": "-:n", "fround": "-:n", "hypot": "-:n*", "imul": "-:nn", "log": "-:n", "log1p": "-:n", "log10": "-:n",
		"log2": "-:n", "max": "-:n*", "min": "-:n*", "pow": "-:nn", "random": safe, "round": "-:n", "sign": "-:n", "sin": "-:n",
		"sinh": "-:n", "sqrt": "-:n", "tan": "-:n", "tanh": "-:n", "trunc": "-:n",
	},
	"JSON":        {"parse": replaced, "stringify": replaced, "rawJSON": "-:s", "isRawJSON": safe},
	"ArrayBuffer": {"isView": replaced}, "ArrayBuffer.prototype": {"slice": "-:nn"},
	"DataView.prototype": {
		"getFloat32": "-:n-", "getFloat64": "-:n-", "getInt8": "-:n-", "getInt16": "-:n-", "getInt32": "-:n-", "getUint8": "-:n-",
		"getUint16": "-:n-", "getUint32": "-:n-", "getBigInt64": "-:n-", "getBigUint64": "-:n-", "setFloat32": "-:nn-",
		"setFloat64": "-:nn-", "setInt8": "-:nn-", "setInt16": "-:nn-", "setInt32": "-:nn-", "setUint8": "-:nn-",
		"setUint16": "-:nn-", "setUint32": "-:nn-", "setBigInt64": "-:nn-", "setBigUint64": "-:nn-",
	},
	"Uint8Array": {"fromBase64": "-:s-", "fromHex": "-:s"},
	"Uint8Array.prototype": {
		"setFromBase64": "-:s-", "setFromHex": "-:s", "toBase64": safe, "toHex": safe,
	},
	"TypedArray": {"from": "-:e-", "of": "-:n*"},
	"TypedArray.prototype": {
		"at": "-:n", "constructor": safe, "copyWithin": "-:nnn", "entries": safe, "every": safe, "fill": "-:nnn", "filter": safe,
		"find": safe, "findIndex": safe, "findLast": safe, "findLastIndex": safe, "forEach": safe, "includes": "-:-n",
		"indexOf": "-:-n", "join": "-:s", "keys": safe, "lastIndexOf": "-:-n", "map": replaced, "reduce": safe, "reduceRight": safe,
		"reverse": safe, "set": "-:en", "slice": "-:nn", "some": safe, "sort": safe, "subarray": "-:nn", "toLocaleString": safe,
		"with": "-:nn", "toReversed": safe, "toSorted": safe, "values": safe,
	},
	"Symbol":            {"for": "-:s", "keyFor": safe},
	"Symbol.prototype":  {"toString": safe, "valueOf": safe, "@@toPrimitive": safe},
	"WeakSet.prototype": {"add": "-:v", "delete": "-:v", "has": "-:v"},
	"WeakMap.prototype": {"set": "-:v-", "delete": "-:v", "has": "-:v", "get": "-:v"},
	"Map.prototype": {
		"clear": safe, "set": "-:v-", "delete": "-:v", "forEach": safe, "has": "-:v", "get": "-:v", "keys": safe, "values": safe,
		"entries": safe,
	},
	"Set.prototype": {
		"add": "-:v", "clear": safe, "delete": "-:v", "forEach": safe, "has": "-:v", "difference": "-:c", "intersection": "-:c",
		"isDisjointFrom": "-:c", "isSubsetOf": "-:c", "isSupersetOf": "-:c", "symmetricDifference": "-:c", "union": "-:c",
		"values": safe, "entries": safe,
	},
	"Promise":             {"all": safe, "allSettled": safe, "any": safe, "race": safe, "reject": safe, "resolve": safe},
	"Promise.prototype":   {"catch": safe, "finally": safe, "then": safe},
	"Generator.prototype": {"next": safe, "return": safe, "throw": safe},
	"Iterator.prototype":  {"@@iterator": safe, "next": safe},
}

// replacement is what the host does in place of a function of the engine, with
// the engine's own at hand.
type replacement = func(original goja.Callable, c goja.FunctionCall) goja.Value

// replacement gives the replacement of a function classified as replaced.
func (h *Host) replacement(path string) replacement {
	switch path {
	case "encodeURIComponent":
		return h.encodeWith(seal.Component)
	case "encodeURI":
		return h.encodeWith(seal.URI)
	case "JSON.parse":
		return h.parse
	case "JSON.stringify":
		return h.stringify
	case "Object.is":
		return h.objectIs
	case "Object.fromEntries":
		return h.fromEntries
	case "Array.prototype.includes", "Array.prototype.indexOf", "Array.prototype.lastIndexOf":
		return h.arraySearch(strings.TrimPrefix(path, "Array.prototype."))
	case "Array.prototype.sort", "Array.prototype.toSorted":
		return h.sort
	case "String.raw":
		return h.raw
	case "String.prototype.includes":
		return h.stringSearch(false)
	case "String.prototype.indexOf":
		return h.stringSearch(true)
	case "String.prototype.startsWith":
		return h.startsWith
	case "String.prototype.slice", "String.prototype.substring":
		return h.slice
	case "ArrayBuffer.isView":
		return h.isView
	case "TypedArray.prototype.map":
		return h.numbersOnly
	}
	return nil
}

// constructorSpec gives the letters of a class.
func constructorSpec(spec string) (string, bool) { return strings.CutPrefix(spec, "ctor ") }
