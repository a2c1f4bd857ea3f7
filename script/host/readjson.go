package host

import (
	"bytes"
	"errors"
	"io"

	"github.com/dop251/goja"
	"github.com/go-json-experiment/json/jsontext"
)

// errNumber is of a number that is larger than a number of JavaScript can be.
var errNumber = errors.New("a number that JavaScript cannot hold")

// readJSON gives what JSON.parse gives for the JSON text, without the detour over
// a string of the engine and a decoder that allocates each token: every run reads
// its input with it.
func (h *Host) readJSON(raw []byte) (goja.Value, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	v, err := h.parseValue(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return nil, errors.New("text follows the JSON value")
	}
	return v, nil
}

func (h *Host) parseValue(d *jsontext.Decoder) (goja.Value, error) {
	token, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case 'n':
		return goja.Null(), nil
	case 't', 'f':
		return h.vm.ToValue(token.Bool()), nil
	case '"':
		return h.vm.ToValue(token.String()), nil
	case '0':
		f, err := token.Float()
		if err != nil {
			return nil, errNumber
		}
		return h.vm.ToValue(f), nil
	case '{':
		return h.parseObject(d)
	}
	var items []any
	for d.PeekKind() != ']' {
		item, err := h.parseValue(d)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	_, err = d.ReadToken()
	return h.vm.NewArray(items...), err
}

func (h *Host) parseObject(d *jsontext.Decoder) (goja.Value, error) {
	o := h.vm.NewObject()
	for d.PeekKind() != '}' {
		token, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		name := token.String() // before the decoder goes on
		value, err := h.parseValue(d)
		if err != nil {
			return nil, err
		}
		// Defined, not set: __proto__ is a property like any other here, and a setter
		// of the prototype is not called.
		if err := o.DefineDataProperty(name, value, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE); err != nil {
			return nil, err
		}
	}
	_, err := d.ReadToken()
	return o, err
}
