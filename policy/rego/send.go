package rego

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"sigs.k8s.io/yaml"

	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/seal"
)

// sendName is OPA's builtin for requests. Here they go through package egress,
// with the limits of the secrets in them, and are the only thing that an
// evaluation waits for.
const sendName = "http.send"

// sending is a request as a policy has it.
type sending struct {
	request egress.Request
	// key tells requests apart.
	key string
	// timeout is no longer than MaxSendTime.
	timeout time.Duration
	// fresh is how long an answer may be used by other evaluations: for as long as
	// its host says if it is negative, not at all if it is 0.
	fresh          time.Duration
	asJSON, asYAML bool
	// raise makes a request that fails an error of the policy.
	raise bool
}

// asHostSays is the time for which an answer is fresh if its host decides.
const asHostSays time.Duration = -1

// members of a request that change nothing here. Answers are kept decoded or not
// as the server likes, and no request is repeated: an evaluation has no time to.
var ignoredMembers = []string{"caching_mode", "max_retry_attempts", "tls_use_system_certs", "cache_ignored_headers"}

// parseSending reads the operand of http.send. The error is one of the policy.
func parseSending(run *seal.Run, operand *ast.Term) (sending, error) {
	s := sending{timeout: DefaultSendTime, raise: true, request: egress.Request{Header: http.Header{}, Redirect: egress.ReturnRedirects}}
	o, ok := operand.Value.(ast.Object)
	if !ok {
		return s, fmt.Errorf("http.send: operand 1 must be object but got %s", ast.ValueName(operand.Value))
	}
	p := memberParser{run: run, sending: &s}
	o.Foreach(func(k, v *ast.Term) { p.member(k, v) })
	var missing []string
	for _, name := range []string{"method", "url"} {
		if o.Get(ast.StringTerm(name)) == nil {
			missing = append(missing, fmt.Sprintf("%q", name))
		}
	}
	switch {
	case p.err != nil:
		return s, p.err
	case len(missing) > 0:
		return s, fmt.Errorf("http.send: operand 1 missing required request parameters(s): {%s}", strings.Join(missing, ", "))
	case p.forced && p.duration <= 0:
		return s, fmt.Errorf("http.send: 'force_cache' set but 'force_cache_duration_seconds' parameter is missing")
	}
	if p.cached {
		s.fresh = asHostSays
	}
	if p.forced {
		s.fresh = p.duration
	}
	s.key = sendingKey(o)
	return s, nil
}

// sendingKey is a request without the headers that its policy says not to mind.
func sendingKey(o ast.Object) string {
	ignored, headers := o.Get(ast.StringTerm("cache_ignored_headers")), o.Get(ast.StringTerm("headers"))
	if ignored == nil || headers == nil {
		return o.String()
	}
	names, ok1 := ignored.Value.(*ast.Array)
	kept, ok2 := headers.Value.(ast.Object)
	if !ok1 || !ok2 {
		return o.String()
	}
	names.Foreach(func(name *ast.Term) { kept = without(kept, name) })
	out := without(o, ast.StringTerm("headers"))
	out.Insert(ast.StringTerm("headers"), ast.NewTerm(kept))
	return out.String()
}

// memberParser reads the members of a request, and keeps the first error.
type memberParser struct {
	run *seal.Run
	*sending
	cached, forced bool
	duration       time.Duration
	err            error
}

func (p *memberParser) member(key, value *ast.Term) {
	name, _ := key.Value.(ast.String)
	text, isText := value.Value.(ast.String)
	flag, isFlag := value.Value.(ast.Boolean)
	wants := func(ok bool, what string) bool {
		if !ok && p.err == nil {
			p.err = fmt.Errorf("http.send: %q must be %s", string(name), what)
		}
		return ok
	}
	switch name {
	case "method":
		if wants(isText, "a string") {
			p.request.Method = strings.ToUpper(string(text))
		}
	case "url":
		if wants(isText, "a string") {
			p.request.URL = string(text)
		}
	case "raw_body":
		if wants(isText, "a string") {
			p.request.Body = []byte(text)
		}
	case "body":
		v, err := marshal(p.run, value.Value)
		if err != nil {
			p.err = err
			return
		}
		p.request.Body = []byte(v.(ast.String))
		if p.request.Header.Get("Content-Type") == "" {
			p.request.Header.Set("Content-Type", "application/json")
		}
	case "headers":
		object, ok := value.Value.(ast.Object)
		if wants(ok, "an object") {
			object.Foreach(func(k, v *ast.Term) { p.header(k, v) })
		}
	case "enable_redirect":
		p.request.Redirect = egress.FollowRedirects
		if wants(isFlag, "a boolean") && !bool(flag) {
			p.request.Redirect = egress.ReturnRedirects
		}
	case "force_json_decode":
		p.asJSON = wants(isFlag, "a boolean") && bool(flag)
	case "force_yaml_decode":
		p.asYAML = wants(isFlag, "a boolean") && bool(flag)
	case "raise_error":
		p.raise = !wants(isFlag, "a boolean") || bool(flag)
	case "cache":
		p.cached = wants(isFlag, "a boolean") && bool(flag)
	case "force_cache":
		p.forced = wants(isFlag, "a boolean") && bool(flag)
	case "force_cache_duration_seconds":
		n, ok := value.Value.(ast.Number)
		seconds, whole := n.Int64()
		if wants(ok && whole && seconds >= 0, "a whole number") {
			p.duration = time.Duration(min(seconds, int64(MaxSendCacheTime/time.Second))) * time.Second
		}
	case "timeout":
		p.setTimeout(value)
	default:
		if !slices.Contains(ignoredMembers, string(name)) && p.err == nil {
			p.err = fmt.Errorf("http.send: operand 1 invalid request parameters(s): {%s}", key)
			if strings.HasPrefix(string(name), "tls_") {
				p.err = fmt.Errorf("http.send: %s is not there: connections are the server's", string(name))
			}
		}
	}
}

func (p *memberParser) header(key, value *ast.Term) {
	name, ok := key.Value.(ast.String)
	switch v := value.Value.(type) {
	case ast.String:
		if ok {
			p.request.Header.Set(string(name), string(v))
			return
		}
	case *ast.Array:
		v.Foreach(func(e *ast.Term) {
			if s, isText := e.Value.(ast.String); isText && ok {
				p.request.Header.Add(string(name), string(s))
			}
		})
		return
	}
	if p.err == nil {
		p.err = fmt.Errorf("http.send: the names and values of headers must be strings")
	}
}

// setTimeout reads a number of nanoseconds or a text such as "2s".
func (p *memberParser) setTimeout(value *ast.Term) {
	var d time.Duration
	var err error
	switch v := value.Value.(type) {
	case ast.Number:
		n, ok := v.Int64()
		if !ok {
			err = fmt.Errorf("not whole")
		}
		d = time.Duration(n)
	case ast.String:
		d, err = time.ParseDuration(string(v))
	default:
		err = fmt.Errorf("neither")
	}
	if err != nil || d <= 0 {
		p.err = fmt.Errorf(`http.send: "timeout" must be a number of nanoseconds or a duration such as "2s"`)
		return
	}
	p.timeout = min(d, MaxSendTime)
}

// value is the value of http.send for a response.
func (s *sending) value(r *egress.Response) *ast.Term {
	var body ast.Value = ast.Null{}
	switch media := r.Header.Get("Content-Type"); {
	case s.asJSON || isJSON(media):
		body = decodeJSON(r.Body)
	case s.asYAML || strings.Contains(media, "application/yaml") || strings.Contains(media, "application/x-yaml"):
		if text, err := yaml.YAMLToJSON(r.Body); err == nil {
			body = decodeJSON(text)
		}
	}
	headers := ast.NewObject()
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		var values []*ast.Term
		for _, v := range r.Header[name] {
			values = append(values, ast.StringTerm(v))
		}
		headers.Insert(ast.StringTerm(strings.ToLower(name)), ast.ArrayTerm(values...))
	}
	return ast.ObjectTerm(
		ast.Item(ast.StringTerm("status"), ast.StringTerm(strings.TrimSpace(fmt.Sprintf("%d %s", r.Status, http.StatusText(r.Status))))),
		ast.Item(ast.StringTerm("status_code"), ast.IntNumberTerm(r.Status)),
		ast.Item(ast.StringTerm("body"), ast.NewTerm(body)),
		ast.Item(ast.StringTerm("raw_body"), ast.StringTerm(string(r.Body))),
		ast.Item(ast.StringTerm("headers"), ast.NewTerm(headers)),
	)
}

// builtinSend is http.send.
func builtinSend(ctx topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
	e := evaluationOf(ctx)
	s, err := parseSending(e.run, operands[0])
	if err != nil {
		if refused, ok := err.(*seal.Error); ok {
			return halt(ctx, refused)
		}
		return &topdown.Error{Code: topdown.TypeErr, Message: err.Error(), Location: ctx.Location}
	}
	response, err := e.send(ctx.Context, &s)
	if err == nil {
		return iter(s.value(response))
	}
	failed, ok := err.(*seal.Error)
	switch {
	case !ok || failed.Code != seal.CodeEgressFailed:
		return halt(ctx, err)
	case !s.raise:
		return iter(ast.ObjectTerm(
			ast.Item(ast.StringTerm("status_code"), ast.InternedTerm(0)),
			ast.Item(ast.StringTerm("error"), ast.ObjectTerm(
				ast.Item(ast.StringTerm("code"), ast.StringTerm(topdown.HTTPSendNetworkErr)),
				ast.Item(ast.StringTerm("message"), ast.StringTerm(failed.Message)),
			)),
		))
	case e.strict:
		return halt(ctx, failed)
	}
	return &topdown.Error{Code: topdown.BuiltinErr, Message: failed.Message, Location: ctx.Location}
}

func isJSON(media string) bool {
	media, _, _ = strings.Cut(media, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	return media == "application/json" || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json")
}

// decodeJSON gives null for what is not JSON. A surrogate stands inside a string,
// where its plaintext stood escaped.
func decodeJSON(text []byte) ast.Value {
	v, err := ast.ValueFromReader(bytes.NewReader(text))
	if err != nil {
		return ast.Null{}
	}
	return v
}
