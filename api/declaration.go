package api

import (
	"io"
	"net/http"

	"github.com/reticent/reticent/script/declaration"
)

// declarations serves the types of what a script gets, which hold nothing of this
// server's.
func (s *server) declarations(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, declaration.Text)
	return nil
}
