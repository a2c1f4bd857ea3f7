package api

import (
	"bytes"
	"errors"
	"mime"
	"net/http"

	"github.com/reticent/reticent/secretstore/strictjson"
)

// decode reads the body of a request, of at most limit bytes, into v, a pointer
// to a struct. It is the only way in for JSON and it is strict: what another
// reader of the same bytes could understand differently (duplicate keys, invalid
// UTF-8, lone surrogates, text that follows) and what the server would ignore
// (unknown fields) is refused. Errors give the place and the rule and quote no
// value; encoding/json's would.
func decode(w http.ResponseWriter, r *http.Request, limit int64, v any) error {
	body, err := readBody(w, r, limit)
	if err != nil {
		return err
	}
	return unmarshal(body, v)
}

// readBody reads a JSON body of at most limit bytes.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if err := checkContentType(r); err != nil {
		return nil, err
	}
	if r.ContentLength > limit {
		// Nothing of it is read; the connection cannot be used again.
		w.Header().Set("Connection", "close")
		return nil, tooLarge(limit)
	}
	body := bytes.NewBuffer(make([]byte, 0, max(r.ContentLength, 0)+bytes.MinRead))
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, limit)); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, tooLarge(limit)
		}
		return nil, refuse(http.StatusBadRequest, "invalid_body", "the body could not be read to its end")
	}
	return body.Bytes(), nil
}

func tooLarge(limit int64) error {
	name := "MaxBodyBytes"
	if limit == MaxInputBytes {
		name = "MaxInputBytes"
	}
	return refuse(http.StatusRequestEntityTooLarge, "too_large", "the body is larger than %d bytes (%s)", limit, name)
}

// checkContentType accepts JSON, for PATCH also as a merge patch, and a request
// that does not say what it sends.
func checkContentType(r *http.Request) error {
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return refuse(http.StatusUnsupportedMediaType, "unsupported_media_type", "send the body without a Content-Encoding")
	}
	given := r.Header.Get("Content-Type")
	if given == "" {
		return nil
	}
	media, _, err := mime.ParseMediaType(given)
	switch {
	case err == nil && media == "application/json":
		return nil
	case err == nil && media == "application/merge-patch+json" && r.Method == http.MethodPatch:
		return nil
	case r.Method == http.MethodPatch:
		return refuse(http.StatusUnsupportedMediaType, "unsupported_media_type", "send application/merge-patch+json (RFC 7396) or application/json")
	}
	return refuse(http.StatusUnsupportedMediaType, "unsupported_media_type", "send application/json")
}

// unmarshal reads a JSON text into v, a pointer to a struct or a map.
func unmarshal(text []byte, v any) error {
	err := strictjson.Unmarshal(text, v)
	if e, ok := errors.AsType[*strictjson.Error](err); ok {
		return finding{Code: e.Code, Message: e.Message, Pointer: e.Pointer, Line: e.Line, Column: e.Column}.refusal()
	}
	return err
}
