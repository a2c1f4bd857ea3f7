package seal

import (
	"fmt"
	"slices"
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
	if !MayHold(s) && len(r.set.match.find(s, false)) == 0 && len(r.responses().patterns) == 0 {
		return s, nil
	}
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
	s = r.catch(s, names, r.set.match, r.tokens, nil)
	if found := r.responses(); found.match != nil {
		s = r.catch(s, names, found.match, found.tokens, found.adopted)
	}
	return s
}

// catch masks what m finds, adds the names of the secrets and reports them. It
// does not report those that the run adopted: the same value can have come by
// another way, on which nobody asked to have it sealed.
func (r *Run) catch(s string, names map[string]bool, m *matcher, tokens []string, adopted []int) string {
	found := m.find(s, false)
	if len(found) == 0 {
		return s
	}
	caught := make(map[string]bool)
	var b strings.Builder
	from := 0
	for _, m := range found {
		for _, src := range r.origin(tokens[m.id]).sources {
			names[src.name()] = true
			if !slices.Contains(adopted, m.id) {
				caught[src.name()] = true
			}
		}
		b.WriteString(s[from:m.start])
		b.WriteString(Mask)
		from = m.end
	}
	if r.opt.Found != nil && len(caught) > 0 {
		r.opt.Found(sortedKeys(caught))
	}
	b.WriteString(s[from:])
	return b.String()
}

// MaskValue masks the strings and keys of a JSON value as encoding/json decodes
// one, and says where. Keys that collide when masked are numbered.
func (r *Run) MaskValue(v any) (any, []Masked) {
	m := masker{run: r}
	out := m.value(v)
	sort.SliceStable(m.found, func(i, j int) bool { return m.found[i].Path < m.found[j].Path })
	return out, m.found
}

// masker walks a value. path is where it is; it becomes text only where
// something was masked.
type masker struct {
	run   *Run
	path  []string
	found []Masked
}

func (m *masker) note(names []string) {
	var b strings.Builder
	for _, p := range m.path {
		b.WriteByte('/')
		b.WriteString(escapePointer(p))
	}
	m.found = append(m.found, Masked{Path: b.String(), Secrets: names})
}

// in masks a member of a container.
func (m *masker) in(name string, v any) any {
	m.path = append(m.path, name)
	out := m.value(v)
	m.path = m.path[:len(m.path)-1]
	return out
}

func (m *masker) value(v any) any {
	switch v := v.(type) {
	case string:
		s, names := m.run.MaskString(v)
		if s != v {
			m.note(names)
		}
		return s
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = m.in(strconv.Itoa(i), e)
		}
		return out
	case map[string]any:
		return m.object(v)
	}
	return v
}

func (m *masker) object(v map[string]any) any {
	out := make(map[string]any, len(v))
	for _, k := range sortedKeys(v) {
		key, names := m.run.MaskString(k)
		if key != k {
			key = unique(out, v, key)
			m.path = append(m.path, key)
			m.note(names)
			m.path = m.path[:len(m.path)-1]
		}
		out[key] = m.in(key, v[k])
	}
	return out
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

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// escapePointer escapes a member name for a JSON pointer (RFC 6901 section 3).
func escapePointer(s string) string { return pointerEscapes.Replace(s) }
