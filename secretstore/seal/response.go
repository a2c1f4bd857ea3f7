package seal

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
)

// Target is a host that answers.
type Target struct {
	Scheme string
	Host   string
	Port   int
}

// String gives the target as a URL's origin (RFC 6454).
func (t Target) String() string {
	host := t.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if t.Scheme == "https" && t.Port == 443 || t.Scheme == "http" && t.Port == 80 {
		return t.Scheme + "://" + host
	}
	return fmt.Sprintf("%s://%s:%d", t.Scheme, host, t.Port)
}

// minSent is the length in bytes below which a value that was sent is not
// looked for in what comes back: shorter ones stand in any text.
const minSent = 4

// maxSpelling bounds the length of a plaintext in two encodings: six characters
// for each of "\u0041", which are six for each byte.
const maxSpelling = 36 * MaxSecretBytes

// SealResponse puts surrogates in the place of secrets in what a host answered:
// of every strong secret that may go to the host, whether the artefact names it
// or not, and of everything that this run sent, derived values too, weak ones if
// they were sent to this host. They are found raw, JSON-escaped and percent-encoded. The error is
// surrogate_in_input.
func (r *Run) SealResponse(t Target, text string) (string, error) {
	if MayHold(text) && r.Holds(text) {
		return "", Errorf(CodeLiveSurrogate, "the response holds a surrogate of this run")
	}
	s := sealer{run: r, isJSON: json.Valid([]byte(text))}
	s.addSent(t)
	s.addStrong()
	s.addAdopted()
	if r.opt.Hosts != nil {
		for _, secret := range r.opt.Hosts(t) {
			s.addForeign(secret)
		}
	}
	return s.seal(text)
}

// sealer seals one response.
type sealer struct {
	run      *Run
	isJSON   bool
	patterns []pattern
	tokens   []string
	bounded  []bool
	known    map[string]bool
}

func (s *sealer) add(v plaintext.Value, token string, bounded bool) {
	if s.known[token] {
		return
	}
	if s.known == nil {
		s.known = make(map[string]bool)
	}
	s.known[token] = true
	s.patterns = append(s.patterns, pattern{value: v, id: len(s.tokens)})
	s.tokens = append(s.tokens, token)
	s.bounded = append(s.bounded, bounded)
}

// addStrong looks for the strong secrets of the set.
func (s *sealer) addStrong() {
	for i, l := range s.run.set.leaves {
		if l.strong {
			s.add(l.value, s.run.tokens[i], false)
		}
	}
}

// addSent looks for what this run sent. Short values count only where they stand
// alone.
func (s *sealer) addSent(t Target) {
	for _, text := range s.run.sentTo(t) {
		b, err := s.run.resolve(text)
		if err == nil && len(b) >= minSent {
			s.add(plaintext.New(b), text, len(b) < MinStrongLength)
		}
	}
}

// addForeign looks for a secret that the artefact does not name.
func (s *sealer) addForeign(secret *Secret) {
	secret.Value.walk("", func(path string, t *Tree) {
		if !t.weak {
			s.add(*t.leaf, s.run.foreignToken(*t.leaf, source{secret: secret, path: path}), false)
		}
	})
}

// outside are the strong plaintexts that are not of the set and that a response
// may have brought in, each with its surrogate.
type outside struct {
	patterns []pattern
	tokens   []string
	adopted  []int    // those of tokens that the run made secrets itself
	match    *matcher // nil when there are newer patterns
}

// with gives o, which must be the newest, with one more; readers may have it as it
// is.
func (o outside) with(v plaintext.Value, token string) outside {
	return outside{
		patterns: append(o.patterns, pattern{value: v, id: len(o.tokens)}),
		tokens:   append(o.tokens, token),
		adopted:  o.adopted,
	}
}

// responses gives what finds the plaintexts of responses; match is nil if there
// are none.
func (r *Run) responses() outside {
	r.mu.RLock()
	found := r.extra
	r.mu.RUnlock()
	if len(found.patterns) > 0 && found.match == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.extra.match == nil {
			r.extra.match = newMatcher(r.extra.patterns)
		}
		found = r.extra
	}
	return found
}

// foreignToken gives the surrogate of a plaintext that a response may hold: that
// of the set if it is in the set, else one drawn for the run, to which the limits
// of all the secrets that have it apply.
func (r *Run) foreignToken(v plaintext.Value, src source) string {
	digest := sha256.Sum256(plaintext.Open(v))
	if i, ok := r.set.strong[digest]; ok {
		return r.tokens[i]
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if token, ok := r.foreign[digest]; ok {
		// Readers may have the origin as it is.
		if o := r.issued[token]; !slices.ContainsFunc(o.sources, src.is) {
			wider := *o
			wider.sources = append(slices.Clip(o.sources), src)
			r.issued[token] = &wider
		}
		return token
	}
	if r.foreign == nil {
		r.foreign = make(map[[sha256.Size]byte]string)
	}
	if r.issued == nil {
		r.issued = make(map[string]*origin)
	}
	token := newSurrogate(r.opt.Random)
	r.foreign[digest] = token
	r.issued[token] = (&leaf{value: v, sources: []source{src}}).origin()
	r.extra = r.extra.with(v, token)
	return token
}

// span is an occurrence in the text as it came.
type span struct {
	match
	spelled bool // the text spells the plaintext in an encoding
}

func (s *sealer) seal(text string) (string, error) {
	m := newMatcher(s.patterns)
	var spans []span
	view{text: text}.each(func(v view) {
		for _, found := range m.find(v.text, false) {
			if s.bounded[found.id] && !(boundary(v.text, found.start-1) && boundary(v.text, found.end)) {
				continue
			}
			spans = append(spans, span{
				match:   match{v.at(found.start), v.at(found.end), found.id},
				spelled: s.spells(v, v.text[found.start:found.end]),
			})
		}
	})
	if len(spans) == 0 {
		return text, nil
	}
	matches := make([]match, len(spans))
	for i := range spans {
		matches[i] = match{spans[i].start, spans[i].end, i}
	}
	var b strings.Builder
	from := 0
	for _, x := range leftmost(matches) {
		token, err := s.token(spans[x.id], text[x.start:x.end])
		if err != nil {
			return "", err
		}
		b.WriteString(text[from:x.start])
		b.WriteString(token)
		from = x.end
	}
	b.WriteString(text[from:])
	return b.String(), nil
}

// spells reports whether what was found in a view is spelled in another way in
// the text: encoded, or in JSON with a backslash that is none of the value.
func (s *sealer) spells(v view, found string) bool {
	if s.isJSON && !v.encoded {
		return strings.IndexByte(found, '\\') >= 0
	}
	return v.encoded && !(v.json && s.isJSON)
}

// token gives the surrogate for an occurrence. One that spells a plaintext in an
// encoding stands for that spelling, so that the text resolves to what came; in
// JSON without the escapes of a string, which are not part of its value.
func (s *sealer) token(x span, spelling string) (string, error) {
	token := s.tokens[x.id]
	if s.isJSON {
		spelling = view{text: spelling}.decoded(unescape).text
	}
	if !x.spelled || plaintextEquals(s.patterns[x.id].value, spelling) {
		return token, nil
	}
	digest := sha256.Sum256([]byte(spelling))
	v := plaintext.FromString(spelling)
	return s.run.issue(call{fn: "spelling", a: token, b: string(digest[:])}, &origin{
		sources: s.run.sourcesOf(token),
		of:      token,
		// Of the same size for each, however many escapes the plaintext needs.
		size:    maxSpelling,
		encoded: true,
		resolve: func() ([]byte, error) { return plaintext.Open(v), nil },
	})
}

func plaintextEquals(v plaintext.Value, s string) bool {
	return equalBytes(plaintext.Open(v), []byte(s))
}
