package api

import "net/http"

// health is a liveness or readiness answer.
type health struct {
	Status string `json:"status"`
}

// healthz says that the process serves.
func (s *server) healthz(w http.ResponseWriter, _ *http.Request) error {
	return s.answer(w, http.StatusOK, "", health{Status: "ok"})
}

// readyz says whether the server wants requests.
func (s *server) readyz(w http.ResponseWriter, _ *http.Request) error {
	if s.ready() != nil {
		return refuse(http.StatusServiceUnavailable, "not_ready", "the server is starting or stopping")
	}
	return s.answer(w, http.StatusOK, "", health{Status: "ok"})
}
