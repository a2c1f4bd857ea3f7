package key

import "time"

// SetClock makes a service live at another time.
func (s *Service) SetClock(now func() time.Time) { s.now = now }
