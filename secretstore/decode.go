package secretstore

import "github.com/reticent/reticent/secretstore/strictjson"

// Decode reads JSON into v, strictly (see [strictjson]). The error is an
// ErrInvalid that says where, by JSON pointer, and never quotes the text, which
// may be a secret.
func Decode(raw []byte, v any) error {
	if err := strictjson.Unmarshal(raw, v); err != nil {
		return fail(ErrInvalid, "%s", err.Error())
	}
	return nil
}
