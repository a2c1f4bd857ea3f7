package plaintext_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
)

const canary = "canary-4f1b9c0d2e"

// holder has a Value where fmt does not call methods: in an unexported field.
type holder struct {
	Exported   plaintext.Value
	unexported plaintext.Value
}

func TestValueIsNeverWritten(t *testing.T) {
	t.Parallel()
	v := plaintext.FromString(canary)
	h := holder{Exported: v, unexported: v}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%b"} {
		for _, x := range []any{v, &v, h, &h, []plaintext.Value{v}, map[string]plaintext.Value{"k": v}, []any{h}} {
			fmt.Fprintf(&out, verb+"\n", x)
		}
	}
	for _, x := range []any{v, &v, h, map[string]any{"v": v}} {
		b, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
	}
	if b, err := xml.Marshal(v); err == nil {
		out.Write(b)
	}
	if err := gob.NewEncoder(&out).Encode(v); err != nil {
		t.Fatal(err)
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Error("x", "v", v, "p", &v, "h", h, "g", slog.GroupValue(slog.Any("v", v)))
	}
	fmt.Fprintln(&out, fmt.Errorf("wrapped: %v", h))
	text := out.String()
	for _, disguise := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), strings.Trim(fmt.Sprint([]byte(canary)), "[]")} {
		if strings.Contains(text, disguise) {
			t.Errorf("output holds the plaintext as %q", disguise)
		}
	}
	if !strings.Contains(text, plaintext.Mask) {
		t.Error("output has no mask at all")
	}
}

func TestValueIsNotComparable(t *testing.T) {
	t.Parallel()
	if reflect.TypeFor[plaintext.Value]().Comparable() {
		t.Error("Value can be compared with ==, which is not constant in time")
	}
	if reflect.DeepEqual(plaintext.FromString(canary), plaintext.FromString(canary)) {
		t.Error("reflect.DeepEqual reached the bytes")
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	b := []byte(canary)
	v := plaintext.New(b)
	b[0] = 'X'
	if got := string(plaintext.Open(v)); got != canary {
		t.Error("New did not copy")
	}
	if got := plaintext.Open(plaintext.Value{}); got != nil {
		t.Errorf("zero Value opens to %d bytes", len(got))
	}
}
