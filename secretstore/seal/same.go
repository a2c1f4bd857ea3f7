package seal

import "github.com/reticent/reticent/secretstore/internal/plaintext"

// Same reports whether what a principal gives as the value of a secret is the
// value that it has, in a time that does not depend on where they differ. It is a
// comparison like that of a run: of a weak secret a miss counts, and past the
// limit the answer is no.
func (g *Guard) Same(principal string, secret *Secret, has, given plaintext.Value) bool {
	var releases []func()
	if secret.Value.Weak() {
		for _, id := range secret.ids() {
			release, ok := g.reserve(principal, id)
			if !ok {
				return false
			}
			releases = append(releases, release)
		}
	}
	if !equalBytes(plaintext.Open(has), plaintext.Open(given)) {
		return false
	}
	for _, release := range releases {
		release()
	}
	return true
}
