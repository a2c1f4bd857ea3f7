package seal

import (
	"crypto/sha256"
	"io"
	"slices"
	"sync"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
)

// Options are what a run knows of its surroundings. The zero Options work.
type Options struct {
	// Principal is on whose behalf comparisons are counted.
	Principal string
	// Guard counts and limits misses on weak secrets.
	Guard *Guard
	// Hosts gives every secret that may go to a target, named by the artefact or
	// not: what a host answers is sealed against all of them.
	Hosts func(Target) []*Secret
	// Found is told the names of strong secrets whose plaintext was about to go
	// out unsealed and was caught by the net under the masking. Each is a bug.
	Found func(names []string)
	// Random draws surrogates; nil means crypto/rand. Only tests fix it.
	Random io.Reader
}

// Run is one run's surrogates and what they stand for. It resolves only what
// was issued to it. A Run is safe for concurrent use: responses arrive while a
// script goes on.
type Run struct {
	set    *Set
	parent *Run
	opt    Options
	tokens []string // of set.leaves, shared with children

	mu         sync.RWMutex
	issued     map[string]*origin
	memo       map[call]string
	derived    int                          // bytes of text in memo
	signatures int                          // made with private keys
	foreign    map[[sha256.Size]byte]string // plaintexts of responses that are not of the set
	extra      outside
	sent       map[departure]bool
	guesses    map[guessKey]func() // counted misses, and how to take one back
}

// origin is what a surrogate stands for.
type origin struct {
	// sources are the secrets that it comes from; all their limits apply.
	sources []source
	// of is the sealed text that a derived plaintext is computed from.
	of string
	// by is the function that made it of that; "" if it is not derived.
	by Func
	// resolve gives the plaintext.
	resolve func() ([]byte, error)
	// size bounds what resolve gives and what it takes to compute it, and depends
	// on no plaintext.
	size int
	// encoded is set when an encoding of a plaintext, whose form shows the
	// content, went in. Comparing it with another value of the same secret would
	// tell its alphabet or its length.
	encoded bool
	// fixed is set for the bytes of digests, HMACs and signatures, and for what is
	// as long as they are: an encoding of them shows nothing.
	fixed bool
	// binary is set for bytes that are no text: of digests, HMACs and signatures.
	binary bool
	// digest is set for the bytes of a digest.
	digest bool
}

// NewRun draws a surrogate for each plaintext of the set.
func (s *Set) NewRun(o Options) *Run {
	r := &Run{set: s, opt: o}
	if len(s.leaves) == 0 {
		return r
	}
	r.tokens = make([]string, len(s.leaves))
	r.issued = make(map[string]*origin, len(s.leaves))
	for i, l := range s.leaves {
		r.tokens[i] = newSurrogate(o.Random)
		r.issued[r.tokens[i]] = l.origin()
	}
	return r
}

// encoded reports whether an encoding of another secret is in the value.
func (l *leaf) encoded() bool {
	return slices.ContainsFunc(l.sources, func(s source) bool { return s.secret.Encoded })
}

// bound is the size that the value counts as, whatever it has.
func (l *leaf) bound() int {
	size := MaxSecretBytes
	for _, s := range l.sources {
		size = max(size, s.secret.Bound)
	}
	return size
}

func (l *leaf) origin() *origin {
	v := l.value
	return &origin{
		sources: l.sources,
		size:    l.bound(),
		encoded: l.encoded(),
		resolve: func() ([]byte, error) { return plaintext.Open(v), nil },
	}
}

// Child makes a run that knows r's surrogates and keeps its own derived ones to
// itself. r must not be used for anything else but making children; a compiled
// policy is such a run, and each of its evaluations a child.
func (r *Run) Child(o Options) *Run {
	return &Run{set: r.set, parent: r, opt: o, tokens: r.tokens}
}

// Set gives the sealing set of the run.
func (r *Run) Set() *Set { return r.set }

// Lookup gives the value of a secret of the set, with surrogates for its
// leaves: a string, or for a structured secret what encoding/json makes of it.
// The error is secret_unavailable.
func (r *Run) Lookup(name string) (any, error) {
	secret, ok := r.set.secrets[name]
	if !ok {
		return nil, Unavailable(name)
	}
	return secret.Value.export(func(t *Tree) string { return r.tokens[r.set.index[t]] }), nil
}

// Holds reports whether s holds a surrogate of this run.
func (r *Run) Holds(s string) bool {
	held := false
	r.each(s, func(int, int, string, *origin) bool {
		held = true
		return false
	})
	return held
}

// each calls fn for every surrogate of the run in s, until fn returns false.
func (r *Run) each(s string, fn func(start, end int, token string, o *origin) bool) {
	for from := 0; ; {
		start, ok := next(s, from)
		if !ok {
			return
		}
		token := s[start : start+surrogateChars]
		o := r.origin(token)
		if o == nil {
			from = start + 1
			continue
		}
		from = start + surrogateChars
		if !fn(start, from, token, o) {
			return
		}
	}
}

func (r *Run) origin(token string) *origin {
	r.mu.RLock()
	o := r.issued[token]
	r.mu.RUnlock()
	if o == nil && r.parent != nil {
		return r.parent.origin(token)
	}
	return o
}

// issue draws a surrogate for o, once for each key.
func (r *Run) issue(key call, o *origin) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if token, ok := r.memo[key]; ok {
		return token, nil
	}
	if len(r.memo) >= MaxDerived {
		return "", Errorf(CodeInspected, "the run has derived more than %d values from secrets (MaxDerived); derive each once", MaxDerived)
	}
	if r.derived += len(key.a) + len(key.b); r.derived > MaxDerivedBytes {
		return "", Errorf(CodeInspected, "the run has derived values from more than %d bytes of text (MaxDerivedBytes); derive shorter texts, each once", MaxDerivedBytes)
	}
	token := newSurrogate(r.opt.Random)
	if r.issued == nil {
		r.issued = make(map[string]*origin)
	}
	if r.memo == nil {
		r.memo = make(map[call]string)
	}
	r.issued[token] = o
	r.memo[key] = token
	return token, nil
}

// recall gives the surrogate that issue drew for key.
func (r *Run) recall(key call) (string, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	token, ok := r.memo[key]
	return token, ok
}

// sourcesOf gathers the sources of every surrogate in s, each once.
func (r *Run) sourcesOf(s string) []source {
	var out []source
	r.each(s, func(_, _ int, _ string, o *origin) bool {
		out = union(out, o.sources)
		return true
	})
	return out
}

// union appends those of b that a lacks: a value derived from a secret over and
// over still has one source.
func union(a, b []source) []source {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}
