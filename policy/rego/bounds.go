package rego

import (
	"math/bits"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/reticent/reticent/secretstore/seal"
)

// OPA stops between the steps of an evaluation, not inside a builtin. One call
// of some builtins can give so much from so little that the process dies before
// the next step: bits.lsh(1, 100000000000), a string doubled forty times, a
// number squared twenty times. Such calls go through a check of what they could
// give, in policies without secrets too.

// bounds give, for such a builtin, the size that its result could have, in bytes
// or as many.
var bounds = map[string]func([]*ast.Term) int{
	"array.concat":              func(o []*ast.Term) int { return 16 * (length(o[0]) + length(o[1])) },
	"bits.lsh":                  func(o []*ast.Term) int { return digits(o[0]) + shift(o[1]) },
	"concat":                    func(o []*ast.Term) int { return product(length(o[1]), length(o[0])) + total(o[1]) },
	"sprintf":                   formatted,
	"replace":                   func(o []*ast.Term) int { return product(length(o[0])+1, length(o[2])+1) },
	"regex.replace":             func(o []*ast.Term) int { return product(length(o[0])+1, product(length(o[2])+1, length(o[0])+1)) },
	"strings.replace_n":         func(o []*ast.Term) int { return product(length(o[1])+1, total(o[0])+1) },
	"numbers.range":             func(o []*ast.Term) int { return distance(o) },
	"numbers.range_step":        func(o []*ast.Term) int { return distance(o) },
	"object.union":              func(o []*ast.Term) int { return 16 * (length(o[0]) + length(o[1])) },
	"or":                        func(o []*ast.Term) int { return 16 * (length(o[0]) + length(o[1])) },
	"internal.template_string":  written,
	"internal.print":            written,
	"json.marshal":              written,
	"json.marshal_with_options": func(o []*ast.Term) int { return product(8, total(o[0])) },
	"yaml.marshal":              written,
	"sum":                       func(o []*ast.Term) int { return digits(o[0]) },
}

func init() {
	for name, c := range classes {
		if c == numeric && bounds[name] == nil {
			bounds[name] = func(o []*ast.Term) int {
				sum := 0
				for _, x := range o {
					sum += digits(x)
				}
				// Products of long numbers take long, not only much room.
				return product(sum, sum)
			}
		}
	}
}

// bounded puts the check in front of a builtin.
func bounded(b *ast.Builtin, fn topdown.BuiltinFunc) topdown.BuiltinFunc {
	size := bounds[b.Name]
	if size == nil {
		return fn
	}
	refused := seal.Errorf(codeLimit, "%s could give more than %d bytes (MaxValueBytes)", shownName(b), MaxValueBytes)
	arity := b.Decl.Arity()
	if b.Name == ast.InternalPrint.Name {
		arity = 1 // a function without a result has all its operands as arguments
	}
	return func(ctx topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
		if size(operands[:arity]) > MaxValueBytes {
			return halt(ctx, refused)
		}
		return fn(ctx, operands, iter)
	}
}

// product multiplies without overflow.
func product(a, b int) int {
	high, low := bits.Mul64(uint64(a), uint64(b))
	if high > 0 || low > MaxValueBytes {
		return MaxValueBytes + 1
	}
	return int(low)
}

func written(o []*ast.Term) int { return total(o[0]) }

// length is that of a string or a collection.
func length(t *ast.Term) int {
	switch v := t.Value.(type) {
	case ast.String:
		return len(v)
	case *ast.Array:
		return v.Len()
	case ast.Object:
		return v.Len()
	case ast.Set:
		return v.Len()
	}
	return 0
}

// total is the size of what a term writes out as. It stops counting when that is
// too much: values that hold one another many times are small in memory.
func total(t *ast.Term) int {
	size := 0
	add(t, &size)
	return size
}

func add(t *ast.Term, size *int) {
	if *size > MaxValueBytes {
		return
	}
	*size += 4
	switch v := t.Value.(type) {
	case ast.String:
		*size += len(v)
	case ast.Number:
		*size += len(v)
	case *ast.Array:
		v.Until(func(e *ast.Term) bool { add(e, size); return *size > MaxValueBytes })
	case ast.Object:
		v.Until(func(k, e *ast.Term) bool { add(k, size); add(e, size); return *size > MaxValueBytes })
	case ast.Set:
		v.Until(func(e *ast.Term) bool { add(e, size); return *size > MaxValueBytes })
	}
}

// formatted bounds sprintf: every verb may write the largest argument, padded to
// a width for which Go's fmt has a limit of a million.
func formatted(o []*ast.Term) int {
	format, ok := o[0].Value.(ast.String)
	args, isArray := o[1].Value.(*ast.Array)
	if !ok || !isArray {
		return 0
	}
	largest := 1
	args.Foreach(func(e *ast.Term) { largest = max(largest, 2*total(e)) })
	size := len(format)
	for _, verb := range strings.Split(string(format), "%")[1:] {
		size += largest
		if verb != "" && (strings.ContainsRune("0123456789.*+-# [", rune(verb[0]))) {
			size += 1_000_000
		}
		size = min(size, MaxValueBytes+1)
	}
	return size
}

// digits bounds the digits of a number, written out.
func digits(t *ast.Term) int {
	n, ok := t.Value.(ast.Number)
	if !ok {
		if arr, isArray := t.Value.(*ast.Array); isArray {
			sum := 0
			arr.Until(func(e *ast.Term) bool { sum += digits(e); return sum > MaxValueBytes })
			return sum
		}
		if set, isSet := t.Value.(ast.Set); isSet {
			sum := 0
			set.Until(func(e *ast.Term) bool { sum += digits(e); return sum > MaxValueBytes })
			return sum
		}
		return 0
	}
	return numberDigits(string(n))
}

func numberDigits(s string) int {
	i := strings.IndexAny(s, "eE")
	if i < 0 {
		return len(s)
	}
	exponent := 0
	for _, c := range strings.TrimLeft(s[i+1:], "+-") {
		exponent = exponent*10 + int(c-'0')
		if exponent > MaxValueBytes {
			return MaxValueBytes + 1
		}
	}
	return i + exponent
}

// shift is how many digits a shift adds, at most.
func shift(t *ast.Term) int {
	n, ok := t.Value.(ast.Number)
	if !ok {
		return 0
	}
	i, ok := n.Int64()
	if !ok || i > MaxValueBytes {
		return MaxValueBytes + 1
	}
	return int(max(i, 0))
}

// distance bounds the room that a range of numbers takes.
func distance(o []*ast.Term) int {
	from, ok1 := o[0].Value.(ast.Number)
	to, ok2 := o[1].Value.(ast.Number)
	if !ok1 || !ok2 || isFraction(from) || isFraction(to) {
		return 0 // refused by the builtin
	}
	a, ok1 := from.Int64()
	b, ok2 := to.Int64()
	if !ok1 || !ok2 || a > 1<<40 || b > 1<<40 || a < -1<<40 || b < -1<<40 {
		return MaxValueBytes + 1
	}
	return product(int(max(a-b, b-a)), 64)
}

// isFraction reports whether a number is written out with a fraction.
func isFraction(n ast.Number) bool {
	return strings.Contains(string(n), ".") && !strings.ContainsAny(string(n), "eE")
}
