package placeholder

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/strictjson"
)

// types make values of a type of texts, and leave values that are of it already.
var types = map[string]func(*seal.Run, any) (any, error){
	"$int": plain("a whole number", isNumber, func(s string) (any, bool) {
		n, ok := number(s)
		whole, isRat := new(big.Rat).SetString(s)
		return n, ok && isRat && whole.IsInt() && !strings.ContainsAny(s, "eE")
	}),
	"$number": plain("a number", isNumber, func(s string) (any, bool) { return number(s) }),
	"$bool": plain("true or false", func(v any) bool { _, ok := v.(bool); return ok }, func(s string) (any, bool) {
		return s == "true", s == "true" || s == "false"
	}),
	"$list": plain("texts with commas", isArray, func(s string) (any, bool) {
		out := []any{}
		for part := range strings.SplitSeq(s, ",") {
			out = append(out, part)
		}
		return out, true
	}),
	"$array": plain("a JSON array", isArray, func(s string) (any, bool) { v, err := decode[[]any](s); return v, err == nil && v != nil }),
	"$object": plain("a JSON object", func(v any) bool { _, ok := v.(map[string]any); return ok }, func(s string) (any, bool) {
		v, err := decode[map[string]any](s)
		return v, err == nil && v != nil
	}),
	"$string":        asString,
	"$base64:encode": encoded,
	"$base64:decode": plain("base64 of UTF-8 text (RFC 4648 section 4)", func(any) bool { return false }, func(s string) (any, bool) {
		raw, err := base64.StdEncoding.Strict().DecodeString(s)
		return string(raw), err == nil && utf8.Valid(raw)
	}),
}

func isArray(v any) bool { _, ok := v.([]any); return ok }

// isNumber is of numbers, which are checked as texts.
func isNumber(any) bool { return false }

// plain makes a type of a function of texts that no secret is in. A value that is
// of the type already stays.
func plain(wants string, is func(any) bool, fn func(string) (any, bool)) func(*seal.Run, any) (any, error) {
	return func(run *seal.Run, v any) (any, error) {
		if is(v) {
			return v, nil
		}
		text, ok := v.(string)
		switch v := v.(type) {
		case json.Number:
			text, ok = v.String(), true
		case float64:
			text, ok = strconv.FormatFloat(v, 'f', -1, 64), true
		}
		if ok && run.Holds(text) {
			return nil, errSealed
		}
		if ok {
			if out, ok := fn(text); ok {
				return out, nil
			}
		}
		return nil, errors.New(wants + " is expected")
	}
}

// number keeps the digits.
func number(s string) (json.Number, bool) {
	var n json.Number
	if s == "" || s[0] == '"' || strings.TrimSpace(s) != s || json.Unmarshal([]byte(s), &n) != nil || n == "" {
		return "", false
	}
	return n, true
}

func decode[T any](s string) (v T, err error) {
	err = strictjson.Unmarshal([]byte(s), &v)
	return v, err
}

// asString leaves texts. Of a structure with secrets it would have to make JSON, in
// which they stand escaped.
func asString(run *seal.Run, v any) (any, error) {
	if text, ok := v.(string); ok {
		return text, nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if run.Holds(string(raw)) {
		return nil, errSealed
	}
	return string(raw), nil
}

func encoded(run *seal.Run, v any) (any, error) {
	text, ok := v.(string)
	if !ok {
		return nil, errors.New("a text is expected")
	}
	return run.Derive(seal.Base64, text)
}
