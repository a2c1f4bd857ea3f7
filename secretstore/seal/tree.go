package seal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
)

// Tree is the plaintext of a secret by field. A string secret is one leaf. Of
// a structured one the strings are leaves; numbers, booleans and null are not
// secrets, nor is what the secret's metadata list as plain.
type Tree struct {
	leaf    *plaintext.Value
	pointer string // of the leaf, RFC 6901
	weak    bool
	plain   any // nil, bool, float64, json.Number, string
	object  map[string]*Tree
	array   []*Tree
}

// Judge says whether the string at a JSON pointer of a value, "" for the value
// itself, is weak.
type Judge func(pointer string, v plaintext.Value) bool

// ByValue judges each string by what it is. That can take some 100 ms for one:
// it is done once, when a value is written.
func ByValue(_ string, v plaintext.Value) bool { return Weak(v) }

// AsRecorded judges as a tree was judged before that had these [Tree.LongWeak].
func AsRecorded(longWeak []string) Judge {
	recorded := make(map[string]bool, len(longWeak))
	for _, pointer := range longWeak {
		recorded[pointer] = true
	}
	return func(pointer string, v plaintext.Value) bool { return shortOrDigits(v) || recorded[pointer] }
}

// StringTree is the tree of a secret that is one string.
func StringTree(v plaintext.Value, weak Judge) *Tree {
	return leafTree(v, "", weak)
}

func leafTree(v plaintext.Value, pointer string, weak Judge) *Tree {
	return &Tree{leaf: &v, pointer: pointer, weak: weak(pointer, v)}
}

// ParseTree reads the JSON object or array of a structured secret. plain holds
// the JSON pointers of fields that are not secret. The error tells nothing of
// the text.
func ParseTree(v plaintext.Value, plain []string, weak Judge) (*Tree, error) {
	dec := json.NewDecoder(bytes.NewReader(plaintext.Open(v)))
	dec.UseNumber()
	var x any
	if err := dec.Decode(&x); err != nil {
		return nil, fmt.Errorf("the value is not JSON")
	}
	return builder{plain, weak}.build(x, "", false), nil
}

// builder makes a tree of a value of encoding/json.
type builder struct {
	plain []string
	weak  Judge
}

func (b builder) build(x any, pointer string, plain bool) *Tree {
	plain = plain || slices.Contains(b.plain, pointer)
	switch x := x.(type) {
	case map[string]any:
		t := &Tree{object: make(map[string]*Tree, len(x))}
		for k, e := range x {
			t.object[k] = b.build(e, pointer+"/"+escapePointer(k), plain)
		}
		return t
	case []any:
		t := &Tree{array: make([]*Tree, len(x))}
		for i, e := range x {
			t.array[i] = b.build(e, pointer+"/"+strconv.Itoa(i), plain)
		}
		return t
	case string:
		if plain || x == "" {
			return &Tree{plain: x}
		}
		return leafTree(plaintext.FromString(x), pointer, b.weak)
	case json.Number:
		return &Tree{plain: number(x)}
	}
	return &Tree{plain: x}
}

// exactDigits is how many decimal digits every float64 can tell apart.
const exactDigits = 15

// number gives a number as encoding/json would, unless that loses digits.
func number(n json.Number) any {
	if f, err := n.Float64(); err == nil && len(n) <= exactDigits {
		return f
	}
	return n
}

// LongWeak gives the JSON pointers of the leaves that are weak for another reason
// than being short or a number.
func (t *Tree) LongWeak() []string {
	var out []string
	t.walk("", func(_ string, leaf *Tree) {
		if leaf.weak && !shortOrDigits(*leaf.leaf) {
			out = append(out, leaf.pointer)
		}
	})
	return out
}

// Weak reports whether a leaf of the tree is weak (see [Weak]).
func (t *Tree) Weak() bool {
	weak := false
	t.walk("", func(_ string, leaf *Tree) { weak = weak || leaf.weak })
	return weak
}

// walk calls fn for every leaf, in a fixed order.
func (t *Tree) walk(path string, fn func(path string, leaf *Tree)) {
	switch {
	case t.leaf != nil:
		fn(path, t)
	case t.object != nil:
		for _, k := range sortedKeys(t.object) {
			t.object[k].walk(path+"."+k, fn)
		}
	default:
		for i, e := range t.array {
			e.walk(path+"."+strconv.Itoa(i), fn)
		}
	}
}

// export gives the tree as a JSON value, leaves replaced by token.
func (t *Tree) export(token func(*Tree) string) any {
	switch {
	case t.leaf != nil:
		return token(t)
	case t.object != nil:
		out := make(map[string]any, len(t.object))
		for k, e := range t.object {
			out[k] = e.export(token)
		}
		return out
	case t.array != nil:
		out := make([]any, len(t.array))
		for i, e := range t.array {
			out[i] = e.export(token)
		}
		return out
	}
	return t.plain
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
