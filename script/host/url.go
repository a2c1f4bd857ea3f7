package host

import (
	"slices"
	"strings"

	"github.com/dop251/goja"
	whatwg "github.com/nlnwa/whatwg-url/url"

	"github.com/reticent/reticent/secretstore/seal"
)

// address is the state of a URL (WHATWG URL, section 6.1). A secret may stand in
// its path, its query and its fragment, percent-encoded as that part needs it: it
// stays in the part that it was put in, whatever it holds.
type address struct {
	url    *whatwg.Url
	secret string // the URL is a secret as a whole; there is no url then
	params *goja.Object
}

// special are the schemes of URLs in which secrets may stand.
var special = map[string]bool{"http": true, "https": true, "ws": true, "wss": true}

// urlClass makes URL.
func (h *Host) urlClass() *goja.Object {
	if h.classes.url != nil {
		return h.classes.url
	}
	h.addresses = map[*goja.Object]*address{}
	class := h.class("URL", 1, func(c goja.ConstructorCall) *goja.Object {
		a := h.address(c.Argument(0), c.Argument(1))
		if a == nil {
			panic(h.coded("TypeError", "ERR_INVALID_URL", "Invalid URL"))
		}
		h.addresses[c.This] = a
		return nil
	})
	h.classes.url = class
	proto := class.Get("prototype").(*goja.Object)
	h.method(class, "canParse", 1, func(c goja.FunctionCall) goja.Value {
		return h.vm.ToValue(h.address(c.Argument(0), c.Argument(1)) != nil)
	})
	h.method(class, "parse", 1, func(c goja.FunctionCall) goja.Value {
		a := h.address(c.Argument(0), c.Argument(1))
		if a == nil {
			return goja.Null()
		}
		o := h.vm.CreateObject(proto)
		h.addresses[o] = a
		return o
	})
	for name, part := range urlParts {
		h.urlProperty(proto, name, part)
	}
	h.urlProperty(proto, "href", urlPart{get: func(u *whatwg.Url) string { return u.Href(false) }})
	h.getter(proto, "origin", func(c goja.FunctionCall) any { return origin(h.thisAddress(c).whole(h)) })
	h.getter(proto, "searchParams", func(c goja.FunctionCall) any { return h.searchParams(h.thisAddress(c)) })
	for _, name := range []string{"toString", "toJSON"} {
		h.method(proto, name, 0, func(c goja.FunctionCall) goja.Value { return h.vm.ToValue(h.thisAddress(c).href()) })
	}
	return class
}

// urlPart is a property of URL.
type urlPart struct {
	get    func(*whatwg.Url) string
	set    func(*whatwg.Url, string)
	secret bool // may hold a secret
}

var urlParts = map[string]urlPart{
	"protocol": {get: (*whatwg.Url).Protocol, set: (*whatwg.Url).SetProtocol},
	"username": {get: (*whatwg.Url).Username, set: (*whatwg.Url).SetUsername},
	"password": {get: (*whatwg.Url).Password, set: (*whatwg.Url).SetPassword},
	"host":     {get: (*whatwg.Url).Host, set: (*whatwg.Url).SetHost},
	"hostname": {get: (*whatwg.Url).Hostname, set: (*whatwg.Url).SetHostname},
	"port":     {get: (*whatwg.Url).Port, set: (*whatwg.Url).SetPort},
	"pathname": {get: (*whatwg.Url).Pathname, set: (*whatwg.Url).SetPathname, secret: true},
	"search":   {get: (*whatwg.Url).Search, set: (*whatwg.Url).SetSearch, secret: true},
	"hash":     {get: (*whatwg.Url).Hash, set: (*whatwg.Url).SetHash, secret: true},
}

// encodedParts are the parts that may hold secrets, and how each encodes them.
var encodedParts = []struct {
	name string
	f    seal.Func
}{{"pathname", seal.URLPath}, {"search", seal.URLQuery}, {"hash", seal.URLFragment}}

func (h *Host) urlProperty(proto *goja.Object, name string, part urlPart) {
	get := h.vm.ToValue(func(c goja.FunctionCall) goja.Value {
		a := h.thisAddress(c)
		if name == "href" {
			return h.vm.ToValue(a.href())
		}
		return h.vm.ToValue(part.get(a.whole(h)))
	})
	set := h.vm.ToValue(func(c goja.FunctionCall) goja.Value {
		a := h.thisAddress(c)
		if name == "href" {
			now := h.address(c.Argument(0), goja.Undefined())
			if now == nil {
				panic(h.coded("TypeError", "ERR_INVALID_URL", "Invalid URL"))
			}
			a.url, a.secret = now.url, now.secret
		} else {
			u, text := a.whole(h), h.usv(c.Argument(0))
			if held := h.holds(text); held && !part.secret {
				h.refuse("making it the "+name+" of a URL", adviceURL)
			} else if held && u.OpaquePath() {
				h.refuse("putting it in a URL of this scheme", adviceURL)
			}
			part.set(u, text)
			h.encodeSecrets(u)
		}
		if (name == "href" || name == "search") && a.params != nil {
			h.params[a.params].list = h.parseParams(a.whole(h).Query())
		}
		return goja.Undefined()
	})
	_ = proto.DefineAccessorProperty(name, get, set, goja.FLAG_TRUE, goja.FLAG_TRUE)
}

const adviceURL = "put it in the path, the query or the fragment of an http or https URL, or make the whole URL a secret"

func (h *Host) thisAddress(c goja.FunctionCall) *address {
	o, _ := c.This.(*goja.Object)
	a, ok := h.addresses[o]
	if !ok {
		panic(h.vm.NewTypeError("this is no URL"))
	}
	return a
}

// whole gives the parts of a URL that is no secret.
func (a *address) whole(h *Host) *whatwg.Url {
	if a.url == nil {
		h.refuse("taking a part of a URL", "fetch it as it is")
	}
	return a.url
}

func (a *address) href() string {
	if a.url == nil {
		return a.secret
	}
	return a.url.Href(false)
}

// origin is a URL's (WHATWG URL, section 4.7).
func origin(u *whatwg.Url) string {
	if scheme := u.Scheme(); special[scheme] || scheme == "ftp" {
		return scheme + "://" + u.Host()
	}
	return "null"
}

// address parses a URL; it gives nil for what is none.
func (h *Host) address(v, base goja.Value) *address {
	text := h.usv(v)
	held := h.holds(text)
	var from *address
	if !goja.IsUndefined(base) {
		if from = h.address(base, goja.Undefined()); from == nil {
			return nil
		}
		from.whole(h)
	}
	if held && len(text) == surrogateChars && from == nil {
		return &address{secret: text}
	}
	if first := text[:h.firstToken(text)]; held && from != nil && !strings.ContainsAny(first, "/?#") {
		h.refuse("resolving it as a relative URL", adviceURL) // it could be an absolute one
	}
	var u *whatwg.Url
	var err error
	if from == nil {
		u, err = whatwg.Parse(text)
	} else {
		u, err = from.url.Parse(text)
	}
	if !held && err != nil {
		return nil
	}
	if err != nil || held && !h.holdsRightly(u, text) {
		h.refuse("parsing this URL", adviceURL)
	}
	h.encodeSecrets(u)
	return &address{url: u}
}

// holdsRightly reports whether every secret of a text that was parsed stands where
// one may, and none was dropped.
func (h *Host) holdsRightly(u *whatwg.Url, text string) bool {
	if !special[u.Scheme()] || u.OpaquePath() || h.holds(u.Username()+"\n"+u.Password()+"\n"+u.Host()) {
		return false
	}
	rest := u.Pathname() + "\n" + u.Search() + "\n" + u.Hash()
	kept := true
	h.eachToken(text, func(start, end int) { kept = kept && strings.Contains(rest, text[start:end]) })
	return kept
}

// encodeSecrets percent-encodes the secrets in a URL, as parsing does with all
// that stands around them.
func (h *Host) encodeSecrets(u *whatwg.Url) {
	for _, part := range encodedParts {
		p := urlParts[part.name]
		text := p.get(u)
		if !h.holds(text) {
			continue
		}
		var out strings.Builder
		at, changed := 0, false
		h.eachToken(text, func(start, end int) {
			token := text[start:end]
			if !h.inURL[token] {
				encoded, err := h.bridge.Derive(part.f, token)
				h.must(err)
				if h.inURL == nil {
					h.inURL = map[string]bool{}
				}
				h.inURL[encoded], h.live[encoded] = true, true
				token, changed = encoded, true
			}
			out.WriteString(text[at:start] + token)
			at = end
		})
		if changed {
			p.set(u, out.String()+text[at:])
		}
	}
}

// searchParams gives the URLSearchParams of a URL, which changes with it.
func (h *Host) searchParams(a *address) *goja.Object {
	u := a.whole(h)
	if a.params == nil {
		o := h.vm.CreateObject(h.paramsClass().Get("prototype").(*goja.Object))
		h.params[o] = &params{list: h.parseParams(u.Query()), of: a}
		a.params = o
	}
	return a.params
}

// changed writes parameters that were changed back to their URL.
func (h *Host) changed(p *params) {
	if p.of == nil || p.of.url == nil {
		return
	}
	p.of.url.SetSearch(h.encodeParams(p))
	h.noteEncoded(p.of.url.Search())
}

// noteEncoded notes the secrets of a text that a form encoded already.
func (h *Host) noteEncoded(text string) {
	if h.inURL == nil {
		h.inURL = map[string]bool{}
	}
	h.eachToken(text, func(start, end int) { h.inURL[text[start:end]] = true })
}

// parseParams parses a query, of which the secrets must be encoded for one.
func (h *Host) parseParams(s string) (out []pair) {
	for part := range strings.SplitSeq(s, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		if h.holds(name) {
			h.refuse("parsing it as parameters", adviceParams)
		}
		out = append(out, pair{decodeForm(name), h.formText(value)})
	}
	return out
}

const adviceParams = "give parameters as an object, new URLSearchParams({ name: value }), or encodeURIComponent them"

// formText decodes a value of a query, sealed or not.
func (h *Host) formText(s string) string {
	if !h.holds(s) {
		return decodeForm(s)
	}
	var out strings.Builder
	at := 0
	plain := func(text string, last bool) {
		if i := strings.LastIndexByte(text, '%'); !last && i >= 0 && i >= len(text)-2 {
			h.refuse("decoding it", adviceParams) // it could go on in the secret
		}
		out.WriteString(decodeForm(text))
	}
	h.eachToken(s, func(start, end int) {
		plain(s[at:start], false)
		out.WriteString(h.formToken(s[start:end]))
		at = end
	})
	plain(s[at:], true)
	return out.String()
}

// formToken gives the secret that was encoded for a query.
func (h *Host) formToken(token string) string {
	if inner, err := h.bridge.Underive(seal.URLQuery, token); err == nil {
		token = inner
	}
	for _, f := range []seal.Func{seal.Form, seal.Component} {
		if inner, err := h.bridge.Underive(f, token); err == nil && len(inner) > 0 {
			return inner
		}
	}
	h.refuse("decoding it", adviceParams)
	return ""
}

// mutating are the methods of URLSearchParams after which a URL has another query.
var mutating = []string{"append", "delete", "set", "sort"}

func mutates(name string) bool { return slices.Contains(mutating, name) }
