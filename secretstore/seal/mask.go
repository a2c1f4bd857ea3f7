package seal

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// Masked says which secrets were masked at a place of an output.
type Masked struct {
	// Path is the JSON pointer of the place (RFC 6901); of a masked key it is
	// the pointer after masking.
	Path string `json:"path"`
	// Secrets are their names, in order.
	Secrets []string `json:"secrets"`
}

// MaskString writes [Mask] for each surrogate in s, and names the secrets.
// Under it lies a net: a strong plaintext that stands in s all the same is
// masked too and reported to Options.Found. Masking is idempotent.
func (r *Run) MaskString(s string) (string, []string) {
	names := make(map[string]bool)
	var b strings.Builder
	from := 0
	r.each(s, func(start, end int, _ string, o *origin) bool {
		b.WriteString(s[from:start])
		b.WriteString(Mask)
		from = end
		for _, src := range o.sources {
			names[src.name()] = true
		}
		return true
	})
	if from > 0 {
		b.WriteString(s[from:])
		s = b.String()
	}
	s = r.net(s, names)
	delete(names, "")
	return s, sortedKeys(names)
}

// net masks the plaintexts that no rule should have let come this far.
func (r *Run) net(s string, names map[string]bool) string {
	found := r.set.match.find(s, false)
	for _, m := range found {
		for _, src := range r.set.leaves[m.id].sources {
			names[src.name()] = true
		}
	}
	if len(found) > 0 {
		s = r.report(s, found, names)
	}
	for _, l := range r.outside() {
		m := newMatcher([]pattern{{value: l.value}})
		if found := m.find(s, false); len(found) > 0 {
			for _, src := range l.sources {
				names[src.name()] = true
			}
			s = r.report(s, found, names)
		}
	}
	return s
}

func (r *Run) report(s string, found []match, names map[string]bool) string {
	if r.opt.Found != nil {
		r.opt.Found(sortedKeys(names))
	}
	var b strings.Builder
	from := 0
	for _, m := range found {
		b.WriteString(s[from:m.start])
		b.WriteString(Mask)
		from = m.end
	}
	b.WriteString(s[from:])
	return b.String()
}

// outside are the strong plaintexts that are not of the set and that a response
// may have brought in.
func (r *Run) outside() []*leaf {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.extra
}

// MaskValue masks the strings and keys of a JSON value as encoding/json decodes
// one, and says where. Keys that collide when masked are numbered.
func (r *Run) MaskValue(v any) (any, []Masked) {
	var found []Masked
	out := r.maskValue(v, "", &found)
	sort.SliceStable(found, func(i, j int) bool { return found[i].Path < found[j].Path })
	return out, found
}

func (r *Run) maskValue(v any, path string, found *[]Masked) any {
	switch v := v.(type) {
	case string:
		s, names := r.MaskString(v)
		if s != v {
			*found = append(*found, Masked{Path: path, Secrets: names})
		}
		return s
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = r.maskValue(e, path+"/"+strconv.Itoa(i), found)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, k := range sortedKeys(v) {
			key, names := r.MaskString(k)
			if key != k {
				key = unique(out, v, key)
				*found = append(*found, Masked{Path: path + "/" + escapePointer(key), Secrets: names})
			}
			out[key] = r.maskValue(v[k], path+"/"+escapePointer(key), found)
		}
		return out
	}
	return v
}

func unique(out, v map[string]any, key string) string {
	candidate := key
	for n := 2; ; n++ {
		_, taken := out[candidate]
		_, original := v[candidate]
		if !taken && !original {
			return candidate
		}
		candidate = fmt.Sprintf("%s_%d", key, n)
	}
}

func escapePointer(s string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(s)
}
