package seal

import (
	"slices"
	"strings"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
)

// Resolve gives s with every surrogate replaced by its plaintext. Its result
// can be opened inside secretstore only; callers ask [Run.Permit] first.
func (r *Run) Resolve(s string) (plaintext.Value, error) {
	b, err := r.resolve(s)
	if err != nil {
		return plaintext.Value{}, err
	}
	return plaintext.New(b), nil
}

func (r *Run) resolve(s string) ([]byte, error) {
	if size := r.size(s); size > MaxResolvedBytes {
		return nil, Errorf(CodeInspected, "a value derived from secrets could be larger than %d bytes (MaxResolvedBytes); every secret in it counts as %d", MaxResolvedBytes, MaxSecretBytes)
	}
	var out []byte
	var failed error
	from := 0
	r.each(s, func(start, end int, _ string, o *origin) bool {
		b, err := o.resolve()
		if err != nil {
			failed = err
			return false
		}
		out = append(append(out, s[from:start]...), b...)
		from = end
		return true
	})
	if failed != nil {
		return nil, failed
	}
	return append(out, s[from:]...), nil
}

// Bound is a bound of the length of s when resolved. It depends on no plaintext:
// each secret counts as the largest that there may be.
func (r *Run) Bound(s string) int { return r.size(s) }

// size bounds the length of s when resolved, without a look at any plaintext.
func (r *Run) size(s string) int {
	size := len(s)
	r.each(s, func(_, _ int, _ string, o *origin) bool {
		size += o.size
		return size <= MaxResolvedBytes
	})
	return size
}

// Permit checks that every secret in s, however derived, may stand at a place of
// a request. The error is egress_denied and names the secret and the setting.
func (r *Run) Permit(s string, p Place) error {
	for _, src := range r.sourcesOf(s) {
		setting := src.secret.Limits.Forbids(p)
		if setting == "" {
			continue
		}
		name := src.name()
		if name == "" {
			return Errorf(CodeEgressDenied, "a secret that this scope does not see would leave in the %s", p.In)
		}
		if setting == "allowed_in" {
			return Errorf(CodeEgressDenied, "secret %s may not stand in the %s of a request; its allowed_in would have to say so", name, where(p))
		}
		return Errorf(CodeEgressDenied, "secret %s may not go to %s; its allowed_hosts would have to name that host", name, Target{p.Scheme, p.Host, p.Port})
	}
	return nil
}

func where(p Place) string {
	if p.Pointer != "" {
		return string(p.In) + " (at " + p.Pointer + ")"
	}
	return string(p.In)
}

// Provenance is what a sealed value comes from, for storing it.
type Provenance struct {
	// Sealed is set when there is a secret in it at all.
	Sealed bool
	// From are the IDs of the stored secrets, also of those that these were
	// computed from.
	From []string
	// Limits are those that all of them share.
	Limits Limits
	// Weak is set when one of them is weak. What is computed from a secret is
	// called weak or strong as the secret is: to judge the value would tell of it,
	// behind a prefix made for that a character at a time.
	Weak bool
	// Encoded is set when an encoding of one of them went in.
	Encoded bool
}

// Provenance says what a sealed value comes from.
func (r *Run) Provenance(s string) Provenance {
	p := Provenance{Weak: r.weak(s), Encoded: r.encoded(s)}
	for i, src := range r.sourcesOf(s) {
		if i == 0 {
			p.Limits, p.Sealed = src.secret.Limits, true
		} else {
			p.Limits = p.Limits.Intersect(src.secret.Limits)
		}
		for _, id := range src.secret.ids() {
			if !slices.Contains(p.From, id) && !strings.HasPrefix(id, adopted) {
				p.From = append(p.From, id)
			}
		}
	}
	return p
}
