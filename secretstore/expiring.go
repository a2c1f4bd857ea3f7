package secretstore

import "time"

// Expiring counts the secrets of all scopes that expire within ExpiryWarning, and
// those that have expired.
func (s *Store) Expiring() (soon, past int) {
	now := time.Now()
	for _, byName := range s.state.Load().secrets {
		for _, x := range byName {
			switch x.record.expiry(now) {
			case expiring:
				soon++
			case expired:
				past++
			}
		}
	}
	return soon, past
}
