package seal

import (
	"slices"
	"strings"
)

// departure is a sealed text whose plaintext was sent to a host.
type departure struct {
	to   Target
	text string
}

// Left notes that the plaintexts of s were sent to a host, so that what hosts
// answer in this run is sealed against them and against what they were derived
// from. Weak ones are looked for only in what that host answers: another could
// answer a list of all PINs, to have the right one sealed.
func (r *Run) Left(to Target, s string) {
	r.each(s, func(_, _ int, token string, o *origin) bool {
		if r.note(departure{to, token}) {
			r.Left(to, o.of)
		}
		return true
	})
	for _, piece := range r.pieces(s) {
		r.note(departure{to, piece})
	}
}

// note reports whether a departure is new.
func (r *Run) note(d departure) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sent[d] {
		return false
	}
	if r.sent == nil {
		r.sent = make(map[departure]bool)
	}
	r.sent[d] = true
	return true
}

// sentTo gives the sealed texts to look for in what a host answers, in order.
func (r *Run) sentTo(t Target) []string {
	r.mu.RLock()
	sent := make([]departure, 0, len(r.sent))
	for d := range r.sent {
		sent = append(sent, d)
	}
	r.mu.RUnlock()
	var out []string
	for _, d := range sent {
		if d.to == t || !r.weak(d.text) {
			out = append(out, d.text)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// weak reports whether something weak went into a sealed text.
func (r *Run) weak(s string) bool {
	return slices.ContainsFunc(r.sourcesOf(s), func(s source) bool { return s.weak })
}

// pieces gives the parts of a text that was sent in which letters or digits
// touch a weak secret. A host that repeats "x" + W + "x" does not repeat W where
// it stands alone, and only there is W looked for.
func (r *Run) pieces(s string) []string {
	var secrets [][2]int
	r.each(s, func(start, end int, _ string, _ *origin) bool {
		secrets = append(secrets, [2]int{start, end})
		return true
	})
	var out []string
	for i, done := 0, 0; i < len(secrets); i++ {
		start, end := secrets[i][0], secrets[i][1]
		for start > done && !boundary(s, start-1) {
			start--
		}
		for {
			limit := len(s)
			if i+1 < len(secrets) {
				limit = secrets[i+1][0]
			}
			for end < limit && !boundary(s, end) {
				end++
			}
			if end < limit || i+1 == len(secrets) {
				break
			}
			i++
			end = secrets[i][1]
		}
		done = end
		if piece := s[start:end]; r.weak(piece) {
			out = append(out, strings.Clone(piece))
		}
	}
	return out
}
