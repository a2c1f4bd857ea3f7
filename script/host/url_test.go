package host

import (
	"testing"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// FuzzURLParser requires that the parser of URLs does not panic on any text, nor
// its setters: scripts choose both.
func FuzzURLParser(f *testing.F) {
	for _, s := range []string{"https://a.org/b?c#d", "//x", "?", "#", "http://[::1]:80", "data:,x", "file:///c:/x", "https://ż%zz@[", "\\\\x", "http://a:b:c@d", "a:b", "/..//.", "http://0x7f.1", "javascript:a\nb"} {
		f.Add(s, "https://h/p/", "q")
		f.Add("../x", s, s)
	}
	f.Fuzz(func(t *testing.T, text, base, part string) {
		u, err := whatwg.Parse(text)
		if err != nil {
			if u, err = whatwg.Parse(base); err != nil {
				return
			}
			if u, err = u.Parse(text); err != nil {
				return
			}
		}
		for _, p := range urlParts {
			p.set(u, part)
			_ = p.get(u)
		}
	})
}
