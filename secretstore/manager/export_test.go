package manager

import "time"

// SetNow has a service take the time from elsewhere.
func (s *Service) SetNow(now func() time.Time) { s.now = now }

// Look looks at directories now.
var (
	Look  = (*Service).look
	Sweep = (*Service).sweep
)
