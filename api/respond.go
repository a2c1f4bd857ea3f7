package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

// handler is an endpoint: it answers or gives the error to answer with.
type handler func(w http.ResponseWriter, r *http.Request) error

// handle makes an http.Handler of an endpoint.
func (s *server) handle(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	}
}

// answer writes a resource, with its ETag if it has one.
func (s *server) answer(w http.ResponseWriter, status int, etag string, v any) error {
	if etag != "" {
		w.Header().Set("ETag", strconv.Quote(etag))
	}
	s.write(w, status, "application/json", v)
	return nil
}

// stored answers a write that replaces or creates.
func (s *server) stored(w http.ResponseWriter, created bool, etag string, v any) error {
	if created {
		return s.answer(w, http.StatusCreated, etag, v)
	}
	return s.answer(w, http.StatusOK, etag, v)
}

// write encodes v. It is encoded as a whole before the status is sent, so that
// what cannot be encoded is no half response.
func (s *server) write(w http.ResponseWriter, status int, contentType string, v any) {
	s.writeIndented(w, status, contentType, "", v)
}

// writeIndented is write with an indentation, "" for none.
func (s *server) writeIndented(w http.ResponseWriter, status int, contentType, indent string, v any) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		s.log.Error("a response could not be encoded", "error", describe(err))
		status, contentType = http.StatusInternalServerError, "application/problem+json"
		body.Reset()
		body.WriteString(`{"title":"Internal Server Error","status":500,"code":"internal","detail":"the response could not be encoded"}` + "\n")
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a client that is gone is nobody to tell
}
