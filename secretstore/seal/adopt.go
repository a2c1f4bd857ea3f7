package seal

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
)

// Adoption asks for strings of a JSON response to become secrets of the run.
type Adoption struct {
	// Pointer says which (RFC 6901): the string there, or every string below it. A
	// segment "*" stands for every element or member.
	Pointer string
	// Hosts are where they may go; nil means the host that gave them.
	Hosts []HostRule
	// In is where they may stand, as in [Limits].
	In []Position
}

// CheckPointer reports whether s can be the Pointer of an Adoption.
func CheckPointer(s string) bool { return s == "" || jsontext.Pointer(s).IsValid() }

// AdoptJSON makes secrets of strings of what a host answered, a text that
// [Run.SealResponse] has sealed: each gets a surrogate of its own, in all of the
// text where it is strong. Secrets that stand in one keep their limits in the new
// value as well. from may be nil, for a host that is itself a secret: then an
// Adoption without hosts allows nothing. The error is egress_failed or
// sealed_secret_inspected; it quotes nothing of the text.
func (r *Run) AdoptJSON(from *Target, text string, wanted []Adoption) (string, error) {
	out, ok, err := replaceStrings(text, func(pointer jsontext.Pointer, isString bool, s string) (string, error) {
		for _, a := range wanted {
			switch depth := a.covers(pointer); {
			case depth < 0, s == "" && isString:
			case isString:
				return r.adopt(s, a.secret(from))
			case depth == 0 && s != "null": // asked for by itself: below it, it is metadata
				return "", Errorf(CodeEgressFailed, "what was to be sealed in the response is a number or a boolean; only strings can be")
			}
		}
		return s, nil
	})
	if err != nil {
		return "", err
	}
	if !ok {
		return "", Errorf(CodeEgressFailed, "the response is not a JSON object or array, of which fields could be sealed")
	}
	return r.sealAdopted(out)
}

// covers tells how far below what is wanted the value at p stands; -1 if it does
// not.
func (a Adoption) covers(p jsontext.Pointer) int {
	want, have := segments(a.Pointer), segments(string(p))
	if len(have) < len(want) {
		return -1
	}
	for i, w := range want {
		if w != "*" && w != have[i] {
			return -1
		}
	}
	return len(have) - len(want)
}

func segments(pointer string) []string {
	if pointer == "" {
		return nil
	}
	return strings.Split(pointer[1:], "/")
}

// adopted begins the IDs and the names of values of responses, and no stored
// secret's.
const adopted = "fetch:"

// secret is what a string that is wanted is called and where it may go. Its name
// has the pointer as it was asked for: the names of members come from the host.
func (a Adoption) secret(from *Target) *Secret {
	s := &Secret{ID: adopted + a.Pointer, Name: adopted + a.Pointer, Limits: Limits{Hosts: a.Hosts, In: a.In}}
	if a.Hosts == nil && from != nil {
		s.Limits.Hosts = []HostRule{{scheme: from.Scheme, host: from.Host, port: from.Port}}
	}
	if from != nil {
		s.ID = adopted + from.String() + a.Pointer
	}
	return s
}

// adopt gives a surrogate for a sealed text that is a secret of its own from now
// on.
func (r *Run) adopt(text string, secret *Secret) (string, error) {
	digest := sha256.Sum256([]byte(text))
	key := call{fn: "adopt", a: fmt.Sprintf("%x", digest), b: fmt.Sprintf("%s %v", secret.ID, secret.Limits)}
	if known, ok := r.recall(key); ok {
		return known, nil
	}
	if err := r.crowded(); err != nil {
		return "", err
	}
	inner := r.sourcesOf(text)
	for _, src := range inner {
		for _, id := range src.secret.ids() {
			if !slices.Contains(secret.From, id) {
				secret.From = append(secret.From, id)
			}
		}
	}
	o := &origin{sources: union([]source{{secret: secret}}, inner), size: MaxSecretBytes}
	value := plaintext.FromString(text)
	if len(inner) > 0 {
		// What is computed from a secret is weak or strong as the secret is.
		secret.Encoded = r.encoded(text)
		o.of, o.encoded, o.size = text, secret.Encoded, min(r.size(text), MaxResolvedBytes+1)
		o.sources[0].weak = r.weak(text)
		o.resolve = func() ([]byte, error) { return r.resolve(text) }
		return r.issue(key, o)
	}
	if len(text) > MaxSecretBytes {
		return "", Errorf(CodeEgressFailed, "a string that was to be sealed is longer than %d bytes (MaxSecretBytes)", MaxSecretBytes)
	}
	o.sources[0].weak = quickWeak("", value)
	o.resolve = func() ([]byte, error) { return plaintext.Open(value), nil }
	token, err := r.issue(key, o)
	if err == nil && !o.sources[0].weak {
		r.watch(value, token)
	}
	return token, err
}

// quickBytes is up to how many bytes [Weak] takes no time worth the mention.
const quickBytes = 32

// quickWeak judges values that come while a run goes on. A long one is called
// weak for its digits only: what is random enough to be a token is.
func quickWeak(_ string, v plaintext.Value) bool {
	return shortOrDigits(v) || len(plaintext.Open(v)) <= quickBytes && Weak(v)
}

// crowded refuses to adopt too many values: each is looked for in all that goes
// out.
func (r *Run) crowded() error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if len(r.extra.adopted) >= MaxAdopted {
		return Errorf(CodeInspected, "the run has sealed more than %d values of responses and of JSON (MaxAdopted)", MaxAdopted)
	}
	return nil
}

// watch has the net under the masking look for a strong plaintext that is not of
// the set, and what hosts answer sealed against it.
func (r *Run) watch(v plaintext.Value, token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := len(r.extra.tokens)
	r.extra = r.extra.with(v, token)
	r.extra.adopted = append(r.extra.adopted, at)
}

// sealAdopted puts surrogates in the place of adopted values that stand anywhere
// else in a response.
func (r *Run) sealAdopted(text string) (string, error) {
	s := sealer{run: r, isJSON: true}
	s.addAdopted()
	return s.seal(text)
}

// addAdopted looks for the strong values that the run adopted.
func (s *sealer) addAdopted() {
	r := s.run
	r.mu.RLock()
	extra := r.extra
	r.mu.RUnlock()
	for _, i := range extra.adopted {
		s.add(extra.patterns[i].value, extra.tokens[i], false)
	}
}

// ParseJSON gives the JSON of a secret that is a JSON object or array as a whole,
// with a surrogate for each string in it. Numbers, booleans, null and names are
// metadata, as in a structured secret: of a value that a script composed of secrets
// they would be those secrets. The error is sealed_secret_inspected.
func (r *Run) ParseJSON(s string) (string, error) {
	refused := inspected("JSON.parse", "parse a secret whose whole value is a JSON object or array, or store a structured secret")
	l := r.leafOf(s)
	if l == nil || l.computed() {
		return "", refused
	}
	o := r.whole(s)
	key := call{fn: "parse", a: s}
	if known, ok := r.recall(key); ok {
		return known, nil
	}
	b, err := o.resolve()
	if err != nil {
		return "", err
	}
	out, ok, err := replaceStrings(string(b), func(pointer jsontext.Pointer, isString bool, text string) (string, error) {
		if text == "" || !isString {
			return text, nil
		}
		return r.part(s, o, pointer, text)
	})
	if err != nil {
		return "", err
	}
	if !ok {
		return "", refused
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.memo == nil {
		r.memo = make(map[call]string)
	}
	r.memo[key] = out
	return out, nil
}

// part gives a surrogate for a string of a secret that is JSON.
func (r *Run) part(whole string, o *origin, pointer jsontext.Pointer, text string) (string, error) {
	path := ""
	for token := range pointer.Tokens() {
		path += "." + token
	}
	if err := r.crowded(); err != nil {
		return "", err
	}
	value := plaintext.FromString(text)
	weak := quickWeak("", value)
	sources := make([]source, len(o.sources))
	for i, src := range o.sources {
		// A guess at a part is one at the secret, and an encoding of it not to be
		// compared with the secret.
		secret := *src.secret
		secret.From = append([]string{secret.ID}, secret.From...)
		sources[i] = source{secret: &secret, path: src.path + path, weak: weak}
	}
	token, err := r.issue(call{fn: "part", a: whole, b: string(pointer)}, &origin{
		sources: sources, size: MaxSecretBytes,
		resolve: func() ([]byte, error) { return plaintext.Open(value), nil },
	})
	if err == nil && !weak {
		r.watch(value, token)
	}
	return token, err
}
