package validator

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/reticent/reticent/secretstore/seal"
)

const (
	// MaxTolerance is the longest tolerance of a webhook's timestamp.
	MaxTolerance = 24 * time.Hour
	// DefaultTolerance is that of a document that says none.
	DefaultTolerance = 5 * time.Minute
	// MaxSignatures is how many signatures of one request are looked at: a sender
	// whose key is being replaced sends one for each.
	MaxSignatures = 8
	// MaxSignedBytes is the size of the largest body that is verified, in bytes.
	MaxSignedBytes = 1 << 20
)

// bodyField is where an input has the request's body as it was sent.
const bodyField = "request.raw_body"

// scheme is how a sender signs a webhook.
type scheme struct {
	algorithm seal.Algorithm
	// header has the signatures.
	header string
	// timestamp has the seconds since 1970; empty where nothing is dated.
	timestamp string
	// id has what the message is called.
	id string
	// pairs is set where the header is a list of NAME=VALUE, `t` the timestamp.
	pairs bool
	// prefix stands in front of a signature; among pairs it is its name.
	prefix string
	// separator stands between several signatures in the header.
	separator string
	encoding  string
	// message is what is signed, with {id}, {timestamp} and {body}.
	message string
	// encodedKey is set where the secret is base64 of the key.
	encodedKey bool
}

// schemes are those that a document can name.
var schemes = map[string]scheme{
	"github": {algorithm: "HS256", header: "X-Hub-Signature-256", prefix: "sha256=", encoding: "hex", message: "{body}"},
	"slack": {algorithm: "HS256", header: "X-Slack-Signature", timestamp: "X-Slack-Request-Timestamp", prefix: "v0=", encoding: "hex",
		message: "v0:{timestamp}:{body}"},
	"stripe": {algorithm: "HS256", header: "Stripe-Signature", pairs: true, prefix: "v1", separator: ",", encoding: "hex",
		message: "{timestamp}.{body}"},
	"standard": {algorithm: "HS256", header: "webhook-signature", timestamp: "webhook-timestamp", id: "webhook-id", prefix: "v1,",
		separator: " ", encoding: "base64", message: "{id}.{timestamp}.{body}", encodedKey: true},
	"hmac": {algorithm: "HS256", encoding: "hex", message: "{body}"},
}

// algorithms of `hash`.
var macAlgorithms = map[string]seal.Algorithm{"sha256": "HS256", "sha384": "HS384", "sha512": "HS512"}

// webhook holds when a request was signed with the secret, not long ago.
type webhook struct {
	scheme
	key                        operand
	signatures, stamp, id, raw operand
	base64Body                 bool
	tolerance                  time.Duration
}

func compileWebhook(c *compiler, name string, v any, pointer string) node {
	conf, ok := c.conf(v, pointer, "scheme", "secret", "header", "prefix", "hash", "encoding", "timestamp_header", "message",
		"tolerance", "body", "body_encoding")
	if !ok {
		return nil
	}
	w := &webhook{tolerance: conf.duration("tolerance", DefaultTolerance, MaxTolerance)}
	if w.scheme, ok = conf.scheme(name); !ok {
		return nil
	}
	secret := conf.text("secret", "")
	if secret == "" {
		c.report(pointer, CodeShape, "", "%s needs the secret that its sender signs with", name)
		return nil
	}
	if w.key, ok = c.secretOperand(secret, conf.at("secret")); !ok {
		return nil
	}
	if conf.has("tolerance") && !strings.Contains(w.message, "{timestamp}") {
		conf.wrong("tolerance", "sign the timestamp, with timestamp_header and {timestamp} in message", "nothing that is signed says when")
	}
	header := func(name string) operand {
		return operand{kind: headerOperand, path: headersPath, header: name, text: name}
	}
	w.signatures, w.stamp, w.id = header(w.header), header(w.timestamp), header(w.scheme.id)
	w.raw = conf.field("body", bodyField)
	switch conf.text("body_encoding", "text") {
	case "base64":
		w.base64Body = true
	case "text":
	default:
		conf.wrong("body_encoding", "", "body_encoding is text or base64")
	}
	return c.reasons(name, w.header, []string{
		"the request must be signed (" + w.header + ")",
		"the request must be signed (" + w.header + "), but " + w.raw.text + " is no text: it must be the body as it was sent",
		"the request must be signed (" + w.header + "), but the signature is not that of the body",
		"the request must be signed (" + w.header + "), but its timestamp is too old or too new",
	}, w.look)
}

// scheme reads how the sender signs. Of the named schemes nothing can be changed.
func (f conf) scheme(name string) (scheme, bool) {
	chosen := f.text("scheme", "hmac")
	s, ok := schemes[chosen]
	if !ok {
		f.report(f.at("scheme"), CodeUnknown, "there are "+strings.Join(names(schemes), ", "), "there is no such scheme")
		return s, false
	}
	own := []string{"header", "prefix", "hash", "encoding", "timestamp_header", "message"}
	if chosen != "hmac" {
		for _, member := range own {
			if f.has(member) {
				f.wrong(member, "leave it out, or use the scheme hmac", "the scheme %s has its own %s", chosen, member)
				return s, false
			}
		}
		return s, true
	}
	s.header, s.prefix, s.timestamp = f.text("header", ""), f.text("prefix", ""), f.text("timestamp_header", "")
	s.encoding, s.message = f.text("encoding", s.encoding), f.text("message", s.message)
	if s.algorithm, ok = macAlgorithms[f.text("hash", "sha256")]; !ok {
		f.wrong("hash", "", "hash is sha256, sha384 or sha512")
	}
	switch {
	case s.header == "":
		f.report(f.pointer, CodeShape, "", "%s needs a scheme, or the header that has the signature", name)
		return s, false
	case s.encoding != "hex" && s.encoding != "base64":
		f.wrong("encoding", "", "encoding is hex or base64")
	case strings.Count(s.message, "{body}") != 1:
		f.wrong("message", `write {body}, or "{timestamp}.{body}"`, "a signature that does not cover the body says nothing of it")
	case (s.timestamp == "") == strings.Contains(s.message, "{timestamp}"):
		f.wrong("message", "give both or none", "timestamp_header and {timestamp} in message belong together: what is not signed anybody can write")
	}
	return s, true
}

// The reasons of a webhook not to hold.
const (
	webhookMissing = iota
	webhookBody
	webhookSignature
	webhookTime
)

// look verifies the signatures. None of its outcomes is a plain no: anybody can
// spoil a signature, so that its negation must not hold.
func (w *webhook) look(e *evaluation) (outcome, int) {
	header, ok := e.single(&w.signatures)
	if !ok {
		return undecided, webhookMissing
	}
	signatures, stamp := w.parse(header)
	id := ""
	for _, part := range []struct {
		from *operand
		to   *string
	}{{&w.stamp, &stamp}, {&w.id, &id}} {
		if part.from.header == "" {
			continue
		}
		if *part.to, ok = e.single(part.from); !ok {
			return undecided, webhookMissing
		}
	}
	if strings.Contains(w.message, "{timestamp}") && !w.recent(e, stamp) {
		return undecided, webhookTime
	}
	body, ok := w.body(e)
	if !ok {
		return undecided, webhookBody
	}
	message := strings.NewReplacer("{id}", id, "{timestamp}", stamp, "{body}", body).Replace(w.message)
	for _, signature := range signatures {
		switch o := w.verify(e, message, signature); o {
		case holds, aborted:
			return o, 0
		}
	}
	return undecided, webhookSignature
}

// parse takes the header apart. The timestamp is there only in a list of pairs.
func (w *webhook) parse(header string) (signatures []string, stamp string) {
	parts := []string{header}
	if w.separator != "" {
		parts = strings.Split(header, w.separator)
	}
	for _, part := range parts {
		if w.pairs {
			name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			switch {
			case name == "t":
				stamp = value
			case name == w.prefix && len(signatures) < MaxSignatures:
				signatures = append(signatures, value)
			}
			continue
		}
		if value, ok := strings.CutPrefix(part, w.prefix); ok && len(signatures) < MaxSignatures {
			signatures = append(signatures, value)
		}
	}
	return signatures, stamp
}

func (w *webhook) recent(e *evaluation, stamp string) bool {
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || seconds < 0 || seconds > maxSeconds || strconv.FormatInt(seconds, 10) != stamp {
		return false
	}
	return e.time().Sub(time.Unix(seconds, 0)).Abs() <= w.tolerance
}

// body gives the bytes that were signed.
func (w *webhook) body(e *evaluation) (string, bool) {
	text, ok := e.single(&w.raw)
	if !ok || len(text) > MaxSignedBytes {
		return "", false
	}
	if !w.base64Body {
		return text, true
	}
	b, err := base64.StdEncoding.DecodeString(text)
	return string(b), err == nil
}

func (w *webhook) verify(e *evaluation, message, signature string) outcome {
	mac, err := w.decode(signature)
	key, _ := e.read(&w.key)
	secret, isText := key.(string)
	if err != nil || !isText {
		return fails
	}
	if !e.work() || !e.foreign(message) {
		return aborted
	}
	var ok bool
	if w.encodedKey {
		ok, err = e.run.VerifyEncoded(secret, message, string(mac))
	} else {
		ok, err = e.run.Verify(w.algorithm, secret, message, string(mac))
	}
	if err != nil {
		return e.abort(err)
	}
	return outcomeOf(ok)
}

func (w *webhook) decode(signature string) ([]byte, error) {
	if w.encoding == "hex" {
		return hex.DecodeString(signature)
	}
	return base64.StdEncoding.DecodeString(signature)
}
