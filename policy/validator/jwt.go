package validator

import (
	"net/url"
	"slices"
	"time"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/policy/jwks"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/signing"
)

// KeySource gives the keys of a set as they are now, nil when there are none.
type KeySource = func() *jwks.Keys

// keyed is where the keys of a token are; one of the three is set.
type keyed struct {
	// set is the index into Program.keySets, -1 when the key is a secret.
	set    int
	secret operand
}

// keySet is a set that a program names: inline, in a variable, or at a URL.
type keySet struct {
	inline   *jwks.Keys
	variable int
	url      string
}

// jwt holds when a token has been signed by the key and says what it must.
type jwt struct {
	token      operand
	keys       keyed
	algorithms []string
	typ        string
	issuer     []string
	audience   []string
	required   []string
	leeway     time.Duration
	// as is the index into Program.tokens.
	as     int
	fields node
	check
}

// symmetric are the algorithms whose key is a shared secret.
var symmetric = []string{"HS256", "HS384", "HS512"}

func compileJWT(c *compiler, name string, v any, pointer string) node {
	conf, ok := c.conf(v, pointer, "token", "jwks", "jwks_variable", "jwks_uri", "secret", "algorithms",
		"type", "issuer", "audience", "required_claims", "leeway", "as", "fields")
	if !ok {
		return nil
	}
	t := &jwt{
		token:  conf.field("token", "request.headers.Authorization"),
		typ:    conf.text("type", ""),
		issuer: conf.texts("issuer"), audience: conf.texts("audience"), required: conf.texts("required_claims"),
		leeway: conf.duration("leeway", 0, jwks.MaxLeeway),
	}
	if t.keys, ok = conf.keys(name); !ok {
		return nil
	}
	if t.algorithms, ok = conf.algorithms(name, t.keys.set < 0); !ok {
		return nil
	}
	t.as = c.token(conf.text("as", "token"))
	if conf.has("fields") {
		t.fields = c.fieldList(conf.members["fields"], conf.at("fields"), name, origin{claims: &t.as})
	}
	t.check = c.reasons(name, t.token.text, tokenReasons, t.look).(check)
	return t
}

// keys reads where the keys are.
func (f conf) keys(name string) (keyed, bool) {
	given := slices.DeleteFunc([]string{"jwks", "jwks_variable", "jwks_uri", "secret"}, func(m string) bool { return !f.has(m) })
	if len(given) != 1 {
		f.report(f.pointer, CodeShape, "", "%s needs one of jwks, jwks_variable, jwks_uri, secret", name)
		return keyed{}, false
	}
	text, at := "", f.at(given[0])
	if given[0] != "jwks" {
		if text = f.text(given[0], ""); text == "" {
			return keyed{}, false
		}
	}
	set := keySet{variable: -1}
	switch given[0] {
	case "secret":
		o, ok := f.secretOperand(text, at)
		return keyed{set: -1, secret: o}, ok
	case "jwks_variable":
		i, ok := f.variable(text, at)
		if !ok {
			return keyed{}, false
		}
		set.variable = i
	case "jwks_uri":
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
			f.wrong("jwks_uri", "", "jwks_uri must be a URL, https or http, without a user")
			return keyed{}, false
		}
		set.url = text
	default:
		var err error
		if set.inline, err = parseKeys(f.members["jwks"]); err != nil {
			f.wrong("jwks", "", "%s", err)
			return keyed{}, false
		}
	}
	f.program.keySets = append(f.program.keySets, set)
	return keyed{set: len(f.program.keySets) - 1}, true
}

// algorithms reads which algorithms a token may name. A shared secret needs them
// said: its kind is nobody's to guess.
func (f conf) algorithms(name string, secret bool) ([]string, bool) {
	known := jwks.Algorithms
	if secret {
		known = append(slices.Clone(symmetric), jwks.Algorithms...)
		if !f.has("algorithms") {
			f.report(f.pointer, CodeShape, `write "algorithms": ["HS256"] or what the key is for`, "%s with a secret needs algorithms", name)
			return nil, false
		}
	}
	if !f.has("algorithms") {
		return known, true
	}
	given := f.texts("algorithms")
	for i, a := range given {
		if !slices.Contains(known, a) {
			f.report(jsonvalue.Element(f.at("algorithms"), i), CodeUnknown, "", "there is no such algorithm for this key")
			return nil, false
		}
	}
	// One secret as HMAC key and as public key is how algorithms are confused.
	if secret && slices.ContainsFunc(given, isSymmetric) && !allOf(given, isSymmetric) {
		f.wrong("algorithms", "use two validators", "one secret is either an HMAC key or a public key")
		return nil, false
	}
	return given, given != nil
}

func isSymmetric(algorithm string) bool { return slices.Contains(symmetric, algorithm) }

func allOf(list []string, is func(string) bool) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !is(s) })
}

// token adds the name of a token whose claims comparisons may use, and gives its
// index.
func (c *compiler) token(name string) int {
	if i := slices.Index(c.program.tokens, name); i >= 0 {
		return i
	}
	c.program.tokens = append(c.program.tokens, name)
	return len(c.program.tokens) - 1
}

// claimOperand compiles a claim of a token that a validator before has verified.
func (c *compiler) claimOperand(text, pointer string) (operand, bool) {
	at, err := parsePath(text)
	if err != nil || len(at) < 2 {
		c.report(pointer, CodeShape, "", "a claim is written TOKEN.CLAIM, where the token is the `as` of a jwt validator")
		return operand{}, false
	}
	i := slices.Index(c.program.tokens, at[0].name)
	if i < 0 {
		c.report(pointer, CodeOperand, "put a jwt validator with that `as` in front", "no token %s has been verified before", quote(at[0].name))
		return operand{}, false
	}
	return operand{kind: claimOperand, index: i, path: at[1:], text: "claim " + text}, true
}

func (t *jwt) decide(e *evaluation) outcome {
	o := t.check.decide(e)
	if o != holds || t.fields == nil {
		return o
	}
	return t.fields.decide(e)
}

// look verifies the token. Whatever is wrong with it leaves the outcome
// undecided: anybody can spoil a token, so that its negation must not hold.
func (t *jwt) look(e *evaluation) (outcome, int) {
	text, ok := e.single(&t.token)
	if !ok {
		return undecided, tokenMissing
	}
	parsed, claims, ok := parseToken(text, t.token.kind == headerOperand)
	if !ok || !slices.Contains(t.algorithms, parsed.Header.Algorithm) || t.typ != "" && !parsed.Header.IsType(t.typ) {
		return undecided, tokenInvalid
	}
	verified, reason := t.verify(e, parsed)
	switch {
	case e.err != nil:
		return aborted, 0
	case !verified:
		return undecided, reason
	}
	if reason, ok := t.claims(e, claims); !ok {
		return undecided, reason
	}
	if e.claims == nil {
		e.claims = make([]any, len(e.policy.program.tokens))
	}
	e.claims[t.as] = claims
	return holds, 0
}

func (t *jwt) verify(e *evaluation, p *signing.Token) (ok bool, reason int) {
	if t.keys.set >= 0 {
		keys := e.policy.keySets[t.keys.set]()
		if keys == nil {
			return false, tokenNoKeys
		}
		return keys.Verify(p), tokenInvalid
	}
	key, _ := e.read(&t.keys.secret)
	secret, isText := key.(string)
	if !isText || !e.foreign(p.Signed) || !e.work() {
		return false, tokenInvalid
	}
	ok, err := e.run.Verify(seal.Algorithm(p.Header.Algorithm), secret, p.Signed, string(p.Signature))
	if err != nil {
		e.abort(err)
	}
	return ok, tokenInvalid
}

// foreign checks that a text of the request holds no surrogate of the policy,
// which would be taken for its secret.
func (e *evaluation) foreign(text string) bool {
	if !e.run.Holds(text) {
		return true
	}
	e.abort(seal.Errorf(seal.CodeLiveSurrogate, "the input holds a surrogate of this policy"))
	return false
}
