package seal_test

import (
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// BenchmarkSeal measures what sealing adds to an evaluation.
func BenchmarkSeal(b *testing.B) {
	set := func(b *testing.B) *seal.Set {
		return sealtest.Set(b, map[string]any{"A": strong, "B": strong2})
	}
	b.Run("run", func(b *testing.B) {
		s := set(b)
		b.ReportAllocs()
		for b.Loop() {
			s.NewRun(seal.Options{})
		}
	})
	b.Run("child", func(b *testing.B) {
		run := set(b).NewRun(seal.Options{})
		b.ReportAllocs()
		for b.Loop() {
			run.Child(seal.Options{})
		}
	})
	for name, text := range map[string]string{"short": "GET", "header": "Bearer " + strong, "kilobyte": strings.Repeat("lorem ipsum ", 85)} {
		b.Run("string/"+name, func(b *testing.B) {
			run := set(b).NewRun(seal.Options{})
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := run.SealString(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("equal", func(b *testing.B) {
		run := set(b).NewRun(seal.Options{})
		v, err := run.Lookup("A")
		if err != nil {
			b.Fatal(err)
		}
		token := v.(string)
		b.ReportAllocs()
		for b.Loop() {
			if ok, err := run.Equal(token, "another value of the same sort"); ok || err != nil {
				b.Fatal(ok, err)
			}
		}
	})
	b.Run("mask", func(b *testing.B) {
		run := set(b).NewRun(seal.Options{})
		out := map[string]any{"decision": true, "roles": []any{"admin", "user"}, "name": "somebody"}
		b.ReportAllocs()
		for b.Loop() {
			run.MaskValue(out)
		}
	})
}
