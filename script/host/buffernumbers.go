package host

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strings"

	"github.com/dop251/goja"
)

// bufferNumbers are the methods of Buffer.prototype that read and write numbers.
var bufferNumbers = func() methodTable {
	out := methodTable{}
	add := func(name string, size int, read func(*Host, uint64) goja.Value, write func(*Host, goja.Value) uint64) {
		for _, order := range []string{"LE", "BE"} {
			suffix := order
			if size == 1 {
				suffix = ""
			}
			get := method{1, func(h *Host, c goja.FunctionCall) goja.Value {
				b := h.thisBuffer(c)
				return read(h, load(b[h.offset(c.Argument(0), size, len(b)):][:size], order))
			}}
			set := method{2, func(h *Host, c goja.FunctionCall) goja.Value {
				b, n := h.thisBuffer(c), write(h, c.Argument(0))
				at := h.offset(c.Argument(1), size, len(b))
				store(b[at:][:size], n, order)
				return h.vm.ToValue(at + size)
			}}
			for _, n := range []string{name, strings.Replace(name, "UInt", "Uint", 1)} {
				out["read"+n+suffix], out["write"+n+suffix] = get, set
			}
		}
	}
	for _, bits := range []int{8, 16, 32} {
		unsigned := func(h *Host, v goja.Value) uint64 { return uint64(h.integerIn(v, 0, math.Pow(2, float64(bits))-1)) }
		signed := func(h *Host, v goja.Value) uint64 {
			limit := math.Pow(2, float64(bits-1))
			return uint64(h.integerIn(v, -limit, limit-1))
		}
		add(fmt.Sprintf("UInt%d", bits), bits/8, func(h *Host, n uint64) goja.Value { return h.vm.ToValue(int64(n)) }, unsigned)
		add(fmt.Sprintf("Int%d", bits), bits/8, func(h *Host, n uint64) goja.Value { return h.vm.ToValue(extend(n, bits)) }, signed)
	}
	add("BigUInt64", 8, func(h *Host, n uint64) goja.Value { return h.vm.ToValue(new(big.Int).SetUint64(n)) },
		func(h *Host, v goja.Value) uint64 {
			n := h.bigInt(v)
			if !n.IsUint64() {
				panic(h.outOfRange())
			}
			return n.Uint64()
		})
	add("BigInt64", 8, func(h *Host, n uint64) goja.Value { return h.vm.ToValue(big.NewInt(int64(n))) },
		func(h *Host, v goja.Value) uint64 {
			n := h.bigInt(v)
			if !n.IsInt64() {
				panic(h.outOfRange())
			}
			return uint64(n.Int64())
		})
	add("Float", 4, func(h *Host, n uint64) goja.Value { return h.vm.ToValue(float64(math.Float32frombits(uint32(n)))) },
		func(h *Host, v goja.Value) uint64 { return uint64(math.Float32bits(float32(h.number(v).ToFloat()))) })
	add("Double", 8, func(h *Host, n uint64) goja.Value { return h.vm.ToValue(math.Float64frombits(n)) },
		func(h *Host, v goja.Value) uint64 { return math.Float64bits(h.number(v).ToFloat()) })
	for _, order := range []string{"LE", "BE"} { // of 1 to 6 bytes
		for _, name := range []string{"UInt", "Uint", "Int"} {
			out["read"+name+order] = method{2, func(h *Host, c goja.FunctionCall) goja.Value {
				b, size := h.thisBuffer(c), h.width(c.Argument(1))
				n := load(b[h.offset(c.Argument(0), size, len(b)):][:size], order)
				if name == "Int" {
					return h.vm.ToValue(extend(n, 8*size))
				}
				return h.vm.ToValue(int64(n))
			}}
			out["write"+name+order] = method{3, func(h *Host, c goja.FunctionCall) goja.Value {
				b, size := h.thisBuffer(c), h.width(c.Argument(2))
				low, high := 0.0, math.Pow(2, float64(8*size))-1
				if name == "Int" {
					low, high = -math.Pow(2, float64(8*size-1)), math.Pow(2, float64(8*size-1))-1
				}
				n := h.integerIn(c.Argument(0), low, high)
				at := h.offset(c.Argument(1), size, len(b))
				store(b[at:][:size], uint64(n), order)
				return h.vm.ToValue(at + size)
			}}
		}
	}
	return out
}()

func load(b []byte, order string) uint64 {
	var all [8]byte
	if order == "LE" {
		copy(all[:], b)
		return binary.LittleEndian.Uint64(all[:])
	}
	copy(all[8-len(b):], b)
	return binary.BigEndian.Uint64(all[:])
}

func store(b []byte, n uint64, order string) {
	var all [8]byte
	if order == "LE" {
		binary.LittleEndian.PutUint64(all[:], n)
		copy(b, all[:])
		return
	}
	binary.BigEndian.PutUint64(all[:], n)
	copy(b, all[8-len(b):])
}

// extend takes the low bits of n for a signed number.
func extend(n uint64, bits int) int64 { return int64(n<<(64-bits)) >> (64 - bits) }

// offset reads where a number of size bytes stands in n.
func (h *Host) offset(v goja.Value, size, n int) int {
	if goja.IsUndefined(v) {
		v = h.vm.ToValue(0)
	}
	f := h.number(v).ToFloat()
	if f != math.Trunc(f) || f < 0 || f > float64(n-size) {
		panic(h.coded("RangeError", "ERR_OUT_OF_RANGE", "the offset is out of range"))
	}
	return int(f)
}

func (h *Host) width(v goja.Value) int {
	n := h.number(v).ToFloat()
	if n != math.Trunc(n) || n < 1 || n > 6 {
		panic(h.coded("RangeError", "ERR_OUT_OF_RANGE", "the byteLength must be from 1 to 6"))
	}
	return int(n)
}

func (h *Host) integerIn(v goja.Value, low, high float64) int64 {
	n := h.number(v).ToFloat()
	if n < low || n > high {
		panic(h.outOfRange())
	}
	return toInt(n)
}

func (h *Host) bigInt(v goja.Value) *big.Int {
	n, ok := v.Export().(*big.Int)
	if !ok || !goja.IsBigInt(v) {
		panic(h.coded("TypeError", "ERR_INVALID_ARG_TYPE", "the value must be a BigInt"))
	}
	return n
}

func (h *Host) outOfRange() *goja.Object {
	return h.coded("RangeError", "ERR_OUT_OF_RANGE", "the value is out of range")
}
