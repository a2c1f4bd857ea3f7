package seal

import (
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
		setting := src.secret.Limits.forbids(p)
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

// Provenance says what a sealed value comes from, for storing it: the IDs of
// the secrets and the limits that all of them share.
func (r *Run) Provenance(s string) (ids []string, limits Limits) {
	seen := make(map[string]bool)
	for i, src := range r.sourcesOf(s) {
		if i == 0 {
			limits = src.secret.Limits
		} else {
			limits = limits.Intersect(src.secret.Limits)
		}
		if !seen[src.secret.ID] {
			seen[src.secret.ID] = true
			ids = append(ids, src.secret.ID)
		}
	}
	return ids, limits
}
