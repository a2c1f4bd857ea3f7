package seal

import (
	"crypto/subtle"
	"math/rand/v2"
	"sort"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
)

// matcher finds plaintexts in text. It is a Rabin-Karp search with a random
// multiplier, one pass for each distinct length, so that its time depends on
// lengths and never on how much of a plaintext the text has in common: a search
// that stops at the first wrong byte would be an oracle for prefixes.
type matcher struct {
	multiplier uint64
	lengths    []lengthGroup
}

// pattern is a plaintext to look for, and what the finder calls it.
type pattern struct {
	value plaintext.Value
	id    int
}

type lengthGroup struct {
	length int
	// power is multiplier^length, to take the oldest byte out of the hash.
	power  uint64
	hashes map[uint64][]pattern
	// filter has a bit set for the top nine bits of each hash, which spares
	// nearly every position the look-up in the map.
	filter [8]uint64
}

// match is an occurrence: text[start:end] is pattern id.
type match struct{ start, end, id int }

func newMatcher(patterns []pattern) *matcher {
	m := &matcher{multiplier: rand.Uint64() | 1}
	byLength := make(map[int]*lengthGroup)
	for _, p := range patterns {
		b := plaintext.Open(p.value)
		if len(b) == 0 {
			continue
		}
		g := byLength[len(b)]
		if g == nil {
			g = &lengthGroup{length: len(b), power: 1, hashes: make(map[uint64][]pattern)}
			for range len(b) {
				g.power *= m.multiplier
			}
			byLength[len(b)] = g
		}
		h := m.hash(b)
		g.hashes[h] = append(g.hashes[h], p)
		g.filter[h>>61] |= 1 << (h >> 55 & 63)
	}
	for _, g := range byLength {
		m.lengths = append(m.lengths, *g)
	}
	// Longest first: of two that start at one place the longer wins.
	sort.Slice(m.lengths, func(i, j int) bool { return m.lengths[i].length > m.lengths[j].length })
	return m
}

func (m *matcher) hash(b []byte) uint64 {
	var h uint64
	for _, c := range b {
		h = h*m.multiplier + uint64(c) + 1
	}
	return h
}

// find gives the occurrences in text, leftmost and then longest first, none
// overlapping. With bounded, only those that string ends or non-alphanumerics
// bound.
func (m *matcher) find(text string, bounded bool) []match {
	var all []match
	for i := range m.lengths {
		all = m.lengths[i].find(all, m.multiplier, text, bounded)
	}
	return leftmost(all)
}

func (g *lengthGroup) find(out []match, multiplier uint64, text string, bounded bool) []match {
	n := g.length
	if len(text) < n {
		return out
	}
	var h uint64
	for i := range len(text) {
		h = h*multiplier + uint64(text[i]) + 1
		if i >= n {
			h -= g.power * (uint64(text[i-n]) + 1)
		}
		if i < n-1 || g.filter[h>>61]&(1<<(h>>55&63)) == 0 {
			continue
		}
		for _, p := range g.hashes[h] {
			start, end := i-n+1, i+1
			if subtle.ConstantTimeCompare([]byte(text[start:end]), plaintext.Open(p.value)) != 1 {
				continue
			}
			if !bounded || boundary(text, start-1) && boundary(text, end) {
				out = append(out, match{start, end, p.id})
			}
		}
	}
	return out
}

// boundary reports whether position i of text is outside it or no alphanumeric.
func boundary(text string, i int) bool {
	if i < 0 || i >= len(text) {
		return true
	}
	c := text[i] | 0x20
	return (c < 'a' || c > 'z') && (text[i] < '0' || text[i] > '9')
}

// leftmost sorts occurrences and drops those that overlap an earlier one.
func leftmost(all []match) []match {
	if len(all) < 2 {
		return all
	}
	sort.SliceStable(all, func(i, j int) bool {
		if all[i].start != all[j].start {
			return all[i].start < all[j].start
		}
		return all[i].end > all[j].end
	})
	out, end := all[:0], 0
	for _, x := range all {
		if x.start >= end {
			out = append(out, x)
			end = x.end
		}
	}
	return out
}
