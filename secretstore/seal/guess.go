package seal

import (
	"crypto/sha256"
	"fmt"
)

// guess is what a comparison tries on the secrets of one of its sides.
type guess struct {
	at   []*origin
	side string // what they stand in
	text string // the other side
}

// guessKey tells guesses apart.
type guessKey [sha256.Size]byte

// key tells a guess at one secret from others. Of a side that is one secret as it
// is only the text counts, so that a text tried on every field of a secret is
// one guess. What stands around a secret is part of the guess: T[:i] + S against
// one T tries a different value for each i.
func (g guess) key(secret string) guessKey {
	side := g.side
	if len(g.at) == 1 && len(side) == surrogateChars && g.at[0].of == "" {
		side = ""
	}
	return sha256.Sum256(fmt.Appendf(nil, "%s %d %s %s", secret, len(side), side, g.text))
}

// guarded runs a comparison under the limit of every weak secret that it
// touches. One text tried on several fields of a secret, as membership does, is
// one guess, and none if a field hits.
func (r *Run) guarded(guesses []guess, compare func() (bool, error)) (bool, error) {
	var touched []guessKey
	for _, g := range guesses {
		for _, o := range g.at {
			for _, s := range o.sources {
				if !s.weak {
					continue
				}
				for _, id := range s.secret.ids() {
					key := g.key(id)
					if err := r.reserve(key, id, s.name()); err != nil {
						return false, err
					}
					touched = append(touched, key)
				}
			}
		}
	}
	hit, err := compare()
	if hit || err != nil {
		r.forgive(touched)
	}
	return hit, err
}

// reserve counts a guess of the run as a miss of a secret until forgive.
func (r *Run) reserve(key guessKey, secret, name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.guesses[key] != nil {
		return nil
	}
	undo, ok := r.opt.Guard.reserve(r.opt.Principal, secret)
	if !ok {
		return Errorf(CodeLimited, "more than %d comparisons a minute with the weak secret %s have missed; wait, or use a secret of %d characters or more", MaxMissesPerMinute, name, MinStrongLength)
	}
	if r.guesses == nil {
		r.guesses = make(map[guessKey]func())
	}
	r.guesses[key] = undo
	return nil
}

func (r *Run) forgive(keys []guessKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range keys {
		if undo := r.guesses[key]; undo != nil {
			undo()
			delete(r.guesses, key)
		}
	}
}
