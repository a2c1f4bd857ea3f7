package record

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"
	"strings"

	"github.com/reticent/reticent/secretstore/seal"
)

// Mask masks a sealed input for a record: what is named like a credential, and as
// [Secrets] does.
func Mask(run *seal.Run, sealed any) (any, []seal.Masked) { return Secrets(run, Redact(sealed)) }

// Secrets masks the secrets of the run in a sealed value for a record, and those that a
// caller encoded, as package seal does not know them: in base64, in hexadecimal,
// percent-encoded, within longer texts.
func Secrets(run *seal.Run, sealed any) (any, []seal.Masked) {
	if !run.Set().Empty() {
		sealed = unmask(run, sealed)
	}
	return run.MaskValue(sealed)
}

// unmask puts surrogates in the place of encodings of secrets.
func unmask(run *seal.Run, v any) any {
	switch v := v.(type) {
	case string:
		return decoded(run, v)
	case []any:
		for i, e := range v {
			v[i] = unmask(run, e)
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[decoded(run, k)] = unmask(run, e)
		}
		return out
	}
	return v
}

// encodings are what a strong secret, which has 16 characters at least, could be
// written in: what its words look like, and how they are read.
var encodings = []struct {
	word *regexp.Regexp
	read []func(string) (string, error)
}{
	{regexp.MustCompile(`[A-Za-z0-9%+._~-]*%[A-Za-z0-9%+._~-]*`), []func(string) (string, error){url.PathUnescape, url.QueryUnescape}},
	{regexp.MustCompile(`[A-Za-z0-9+/_-]{16,}`), []func(string) (string, error){
		bytes(base64.RawStdEncoding.DecodeString), bytes(base64.RawURLEncoding.DecodeString), bytes(hex.DecodeString),
	}},
}

func bytes(decode func(string) ([]byte, error)) func(string) (string, error) {
	return func(s string) (string, error) {
		b, err := decode(s)
		return string(b), err
	}
}

// decoded gives a text with surrogates in the place of the words that are
// encodings of secrets.
func decoded(run *seal.Run, text string) string {
	for _, e := range encodings {
		text = e.word.ReplaceAllStringFunc(text, func(word string) string {
			for _, read := range e.read {
				if plain, err := read(word); err == nil && plain != word {
					if found := surrogates(run, plain); found != "" {
						return found
					}
				}
			}
			return word
		})
	}
	return text
}

var surrogate = regexp.MustCompile(`rsv_[a-z2-7]{32}`)

// surrogates gives the surrogates of the secrets in a text, "" if there is none.
func surrogates(run *seal.Run, text string) string {
	sealed, err := run.SealString(text)
	switch {
	case err != nil: // it has surrogates already
		return seal.Mask
	case !run.Holds(sealed):
		return ""
	}
	return strings.Join(surrogate.FindAllString(sealed, -1), "")
}
