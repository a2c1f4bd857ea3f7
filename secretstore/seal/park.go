package seal

import (
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
)

// Parked is a sealed value that waits, in the server's memory, for a later run of
// the same artefact. It knows the plaintexts that its surrogates stood for, what
// they come from and where they may go, since surrogates end with their run.
type Parked struct {
	value any // as of encoding/json, but that strings with secrets are pieces
	size  int
}

// Size is how much of a budget the value takes, in bytes. Each secret in it
// counts as what it may be at most, so that the size tells no length.
func (p *Parked) Size() int { return p.size }

// pieces are a string with secrets.
type pieces []piece

// piece is some text, or a secret.
type piece struct {
	text string
	kept *kept
}

// kept is a surrogate without its run.
type kept struct {
	id      uint64 // tells it from all others of the process
	value   plaintext.Value
	of      origin // resolve and of are not used
	derived bool
	// names are those by which the set had the sources; "" for one of no set.
	names []string
}

var lastKept atomic.Uint64

// Park takes a value of the run, as encoding/json has it, out of it. A secret as
// the name of a member is refused with sealed_secret_inspected: to find it again
// would be a comparison that no boundary sees.
func (r *Run) Park(v any) (*Parked, error) {
	p := &Parked{}
	var err error
	p.value, err = r.park(v, &p.size)
	return p, err
}

func (r *Run) park(v any, size *int) (any, error) {
	*size += nodeBytes
	switch v := v.(type) {
	case string:
		return r.parkString(v, size)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			parked, err := r.park(e, size)
			if err != nil {
				return nil, err
			}
			out[i] = parked
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			if r.Holds(k) {
				return nil, inspected("a secret as the name of a member", "keep it as a value")
			}
			parked, err := r.park(e, size)
			if err != nil {
				return nil, err
			}
			*size += len(k)
			out[k] = parked
		}
		return out, nil
	}
	return v, nil
}

// nodeBytes is what a value takes besides its text, about.
const nodeBytes = 32

func (r *Run) parkString(s string, size *int) (any, error) {
	var out pieces
	var failed error
	from := 0
	r.each(s, func(start, end int, token string, o *origin) bool {
		v, err := r.Resolve(token)
		if err != nil {
			failed = err
			return false
		}
		if start > from {
			out = append(out, piece{text: strings.Clone(s[from:start])})
		}
		out = append(out, piece{kept: r.keep(v, o)})
		*size += o.size
		from = end
		return true
	})
	if failed != nil {
		return nil, failed
	}
	*size += len(s) - from
	if out == nil {
		return s, nil
	}
	return append(out, piece{text: strings.Clone(s[from:])}), nil
}

func (r *Run) keep(v plaintext.Value, o *origin) *kept {
	k := &kept{id: lastKept.Add(1), value: v, of: *o, derived: o.of != "", names: make([]string, len(o.sources))}
	k.of.fixed = o.fixed || functions[o.by].opaque
	// Which encoding it was is forgotten, and it must not be compared with another.
	k.of.encoded = o.encoded || functions[o.by].uniform
	for i, src := range o.sources {
		if s := r.set.named(src); s != nil {
			k.names[i] = s.Name
		}
	}
	return k
}

// named gives the secret of the set that a source is, in this version or another.
func (s *Set) named(src source) *Secret {
	for _, secret := range s.secrets {
		if secret.ID == src.secret.ID && !src.secret.Hidden {
			return secret
		}
	}
	return nil
}

// Unpark brings a value into the run: with the surrogates of the set for what is
// in the set, and new ones, under the same limits, for what is not. Where a
// secret of the set has other limits by now, both hold. ok is false when a secret
// that it comes from is not there any more: it ends with it. What is plain in
// it is sealed as all that enters a run.
func (r *Run) Unpark(p *Parked) (v any, ok bool, err error) {
	return r.unpark(p.value)
}

func (r *Run) unpark(v any) (any, bool, error) {
	switch v := v.(type) {
	case string:
		s, err := r.SealString(v)
		return s, err == nil, err
	case pieces:
		return r.unparkString(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			u, ok, err := r.unpark(e)
			if !ok || err != nil {
				return nil, false, err
			}
			out[i] = u
		}
		return out, true, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			key, err := r.SealString(k)
			if err != nil {
				return nil, false, err
			}
			u, ok, err := r.unpark(e)
			if !ok || err != nil {
				return nil, false, err
			}
			out[key] = u
		}
		return out, true, nil
	}
	return v, true, nil
}

func (r *Run) unparkString(p pieces) (any, bool, error) {
	var b strings.Builder
	for _, x := range p {
		var text string
		var err error
		ok := true
		if x.kept == nil {
			text, err = r.SealString(x.text)
		} else {
			text, ok, err = r.reissue(x.kept)
		}
		if !ok || err != nil {
			return nil, false, err
		}
		b.WriteString(text)
	}
	return b.String(), true, nil
}

// reissue gives the surrogate of this run for what was kept.
func (r *Run) reissue(k *kept) (token string, ok bool, err error) {
	o := k.of
	o.sources = slices.Clone(k.of.sources)
	var mine []string // the surrogates of what it comes from
	for i, src := range k.of.sources {
		if k.names[i] == "" {
			continue
		}
		now := r.set.secrets[k.names[i]]
		if now == nil || now.ID != src.secret.ID {
			return "", false, nil
		}
		o.sources = union(o.sources, []source{{secret: now, path: src.path, weak: src.weak}})
		for leaf, l := range r.set.leaves {
			if slices.ContainsFunc(l.sources, src.is) {
				mine = append(mine, r.tokens[leaf])
			}
		}
	}
	strong := !slices.ContainsFunc(o.sources, func(s source) bool { return s.weak })
	plain := strong && !k.derived && !o.encoded
	if plain {
		if i, known := r.set.strong[sha256.Sum256(plaintext.Open(k.value))]; known && slices.Contains(mine, r.tokens[i]) {
			return r.tokens[i], true, nil
		}
	}
	memo := call{fn: "parked", a: strconv.FormatUint(k.id, 10)}
	if known, ok := r.recall(memo); ok {
		return known, true, nil
	}
	o.of, o.by = "", ""
	if k.derived {
		// What is sent goes with what it was made of.
		o.of, o.by = "parked "+strings.Join(mine, " "), "parked"
	}
	value := k.value
	o.resolve = func() ([]byte, error) { return plaintext.Open(value), nil }
	if token, err = r.issue(memo, &o); err == nil && plain {
		r.watch(value, token)
	}
	return token, err == nil, err
}
