package secretstore

import "time"

// Expiring counts the secrets of all scopes that expire within ExpiryWarning, and
// those that have expired.
func (s *Store) Expiring() (soon, past int) {
	now := time.Now()
	for _, x := range s.state.Load().expiring {
		switch x.record.expiry(now) {
		case expiring:
			soon++
		case expired:
			past++
		}
	}
	return soon, past
}
