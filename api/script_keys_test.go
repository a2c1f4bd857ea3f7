package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/api/client"
	"github.com/reticent/reticent/script"
)

// scriptKeys makes the keys that the scripts of these tests operate with. Their secrets
// are for keys alone.
func scriptKeys(t *testing.T, s *apitest.Server, host string) {
	t.Helper()
	for _, r := range []request{
		{"PUT", "/v1/secrets/K_HMAC", fmt.Sprintf(`{"value":"a-signing-key-of-the-tests-0123456789abcdef","use_in_placeholders":false,"allowed_hosts":[%q]}`, host), nil},
		{"PUT", "/v1/secrets/K_OUT", `{"value":"another-signing-key-of-the-tests-012345678","use_in_placeholders":false,"release":true}`, nil},
		{"PUT", "/v1/secrets/K_EC", `{"generate":{"kind":"ec"},"use_in_placeholders":false,"release":true}`, nil},
		{"PUT", "/v1/secrets/K_RSA", `{"generate":{"kind":"rsa"},"use_in_placeholders":false}`, nil},
		{"PUT", "/v1/secrets/K_AES", `{"generate":{"kind":"aes"},"use_in_placeholders":false}`, nil},
		{"PUT", "/v1/secrets/PIN", `{"value":"4711","allowed_hosts":["` + host + `"]}`, nil},
		{"PUT", "/v1/secrets/TOKEN", `{"value":"a-token-of-the-tests-0f1e2d3c4b5a"}`, nil},
		{"PUT", "/v1/keys/hmac", `{"secret":"K_HMAC"}`, nil},
		{"PUT", "/v1/keys/out", `{"secret":"K_OUT"}`, nil},
		{"PUT", "/v1/keys/am.tokens.EC", `{"secret":"K_EC"}`, nil},
		{"PUT", "/v1/keys/checks", `{"secret":"K_EC","operations":["verify"]}`, nil},
		{"PUT", "/v1/keys/rsa", `{"secret":"K_RSA","use":"enc"}`, nil},
		{"PUT", "/v1/keys/aes", `{"secret":"K_AES","use":"enc"}`, nil},
		{"PUT", "/v1/keys/gone", `{"secret":"NOWHERE"}`, nil},
	} {
		want(t, s, 201, r)
	}
}

// TestKeysInScripts operates with keys by name, in a worker and in process. What they
// give is sealed but where the key says release, and their secrets reach nothing else.
func TestKeysInScripts(t *testing.T) {
	var got string
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization")
		_, _ = io.WriteString(w, "you said "+got)
	}))
	t.Cleanup(target.Close)
	for name, inProcess := range map[string]bool{"worker": false, "in process": true} {
		s := apitest.Start(t, apitest.Options{InProcess: inProcess, Script: func(c *script.Config) { c.Workers = 1 }})
		scriptKeys(t, s, target.URL)
		for _, tc := range [][2]string{
			{"const m = K.hmac.sign('message'); return [K.hmac.verify('message', m), K.hmac.verify('massage', m), m.equals(crypto.createHmac('sha256', 'a-signing-key-of-the-tests-0123456789abcdef').update('message').digest()), m.toString('hex')]",
				`[true,false,true,"***"]`},
			{"return K.out.sign('message').toString('hex') === crypto.createHmac('sha256', 'another-signing-key-of-the-tests-012345678').update('message').digest('hex')", `true`},
			{"return typeof K.out.sign('m ' + context.secrets.PIN).toString('base64') + K.out.sign('m ' + context.secrets.PIN).toString('base64')", `"string***"`},
			{"const t = K.out.jwt({sub: 'ada'}, {expiresIn: '1h', issuer: 'us'}), c = K.out.verifyJwt(t, {issuer: 'us'}); return [c.sub, c.exp - c.iat, jwt.decode(t, {complete: true}).header.typ, t.split('.').length]", `["ada",3600,"JWT",3]`},
			{"const t = context.keys['am.tokens.EC'].jwt({sub: 'ada'}), h = jwt.decode(t, {complete: true}).header; return [h.alg, typeof h.kid, jwt.verify(t, K.checks).sub, K.checks.verifyJwt(t).sub, jwt.verify(jwt.sign({a: 1}, context.keys['am.tokens.EC']), K.checks).a]", `["ES256","string","ada","ada",1]`},
			{"const t = K.hmac.jwt({pin: context.secrets.PIN}); return [t, K.hmac.verifyJwt(t).pin === '4711']", `["eyJ…","***"]`},
			{"try { K.hmac.verifyJwt(K.out.jwt({sub: 'x'})) } catch (e) { return [e.name, e.message] }", `["JsonWebTokenError","invalid signature"]`},
			{"try { K.checks.verifyJwt(K.out.jwt({sub: 'x'})) } catch (e) { return [e.name, e.message] }", `["JsonWebTokenError","invalid algorithm"]`},
			{"try { K.out.verifyJwt(K.out.jwt({sub: 'x'}, {expiresIn: -1})) } catch (e) { return e.name }", `"TokenExpiredError"`},
			{"const t = K.rsa.encrypt({card: 4111}), d = JSON.parse(K.rsa.decrypt(t).toString()); return [t.split('.').length, d.card]", `[5,4111]`},
			{"const t = K.rsa.encrypt('pin ' + context.secrets.PIN); try { K.rsa.decrypt(t) } catch (e) { return [t, e.code] }", `["***","sealed_secret_inspected"]`},
			{"return K.aes.encrypt('plain')", `"***"`},
			{"return K.rsa.decrypt(K.rsa.encrypt('a-token-of-the-tests-' + '0f1e2d3c4b5a')).toString() === context.secrets.TOKEN", `true`},
			{"try { K.rsa.decrypt('a.b.c.d.e') } catch (e) { return e.code }", `"token_undecryptable"`},
			{"try { K.checks.sign('x') } catch (e) { return e.code }", `"key_unusable"`},
			{"try { K.rsa.sign('x') } catch (e) { return e.code }", `"key_unusable"`},
			{"try { K.hmac.sign('x', {algorithm: 'RS256'}) } catch (e) { return e.code }", `"key_unusable"`},
			{"return [Object.keys(context.keys).includes('hmac'), 'nothing' in context.keys, Object.keys(K.hmac)]", `[true,false,[]]`},
			{"const r = await fetch(U, {headers: {authorization: 'Bearer ' + K.hmac.jwt({sub: 'ada'})}}); const text = await r.text(); return [r.status, text.includes('Bearer'), text]", `[200,"Bearer"]`},
			{"try { await fetch('https://elsewhere.example/', {headers: {authorization: K.hmac.sign('x').toString('base64')}}) } catch (e) { return e.code }", `"egress_denied"`},
			{"try { return typeof context.keys['un' + 'named'] } catch (e) { return e.code }", `"secret_not_named"`},
			{"for (const f of [() => crypto.createHmac('sha256', K.hmac), () => crypto.sign('sha256', Buffer.from('x'), context.keys['am.tokens.EC']), () => crypto.createSecretKey(K.hmac)]) { try { f(); return 'used' } catch (e) {} } return 'refused'", `"refused"`},
			{"try { context.keys.hmac = 1; return 'written' } catch (e) { return e.name }", `"TypeError"`},
		} {
			source := "const jwt = require('jsonwebtoken'), crypto = require('crypto');\nmodule.exports = async (context) => { const U = '" + target.URL + "', K = context.keys; " + tc[0] + " }"
			body, _ := json.Marshal(map[string]any{"source": source, "input": map[string]any{}})
			a := want(t, s, 200, request{"POST", "/v1/scripts/test", string(body), nil})
			answered := decode[struct {
				Output json.RawMessage
				Error  *struct{ Code, Message string }
			}](t, a.Body)
			out := strings.ReplaceAll(string(answered.Output), `\u0026`, "&")
			switch {
			case answered.Error != nil:
				t.Errorf("%s: %s: %+v", name, tc[0], answered.Error)
			case strings.Contains(tc[1], "eyJ…"):
				if !strings.HasSuffix(out, `.***.***",true]`) {
					t.Errorf("%s: %s: %s", name, tc[0], out)
				}
			case strings.Contains(tc[0], "text.includes"):
				if !strings.HasPrefix(out, `[200,true,"you said Bearer eyJ`) || !strings.Contains(out, "***") || !strings.HasPrefix(got, "Bearer eyJ") || strings.Contains(got, "rsv_") {
					t.Errorf("%s: %s: %s; the host got %q", name, tc[0], out, got)
				}
			case out != tc[1]:
				t.Errorf("%s: %s: %s, want %s", name, tc[0], out, tc[1])
			}
			if all := string(a.Body); strings.Contains(all, "signing-key") {
				t.Errorf("%s: %s: a key came out: %s", name, tc[0], all)
			}
		}
		for code, expression := range map[string]string{
			"secret_unavailable": "context.keys.gone", "key_unavailable": "context.keys.nowhere",
		} {
			body, _ := json.Marshal(map[string]any{"source": "module.exports = async (context) => { try { " + expression + " } catch (e) {} return 'went on' }", "input": map[string]any{}})
			if a := want(t, s, 200, request{"POST", "/v1/scripts/test", string(body), nil}); !strings.Contains(string(a.Body), `"code":"`+code+`"`) {
				t.Errorf("%s: %s: %s", name, expression, a.Body)
			}
		}
		// A restricted secret is absent by its own name, whatever keys there are.
		body, _ := json.Marshal(map[string]any{"source": "module.exports = async (context) => [context.keys.hmac.sign('x').length === 0, context.secrets.K_HMAC]", "input": map[string]any{}})
		if a := want(t, s, 200, request{"POST", "/v1/scripts/test", string(body), nil}); !strings.Contains(string(a.Body), `"error"`) {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
}

// TestKeysOfScriptsStandOnTheirAuthor: a script or a module names a key only if who
// stores it may execute that, and stops with the grant.
func TestKeysOfScriptsStandOnTheirAuthor(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	scriptKeys(t, s, "example.org")
	want(t, s, 201, request{"PUT", "/v1/projects/shop", `{}`, nil})
	want(t, s, 201, request{"PUT", "/v1/projects/shop/keys/local", `{"secret":"K_OUT"}`, nil})
	writer := made(t, s, client.Scope{}, "author")
	token := map[string]string{"Authorization": "Bearer " + writer.Token.Value}
	const source = `{"source":"module.exports = async (context) => context.keys.out.sign('x').length"}`
	wantProblem(t, s, 403, "forbidden", request{"PUT", "/v1/scripts/S", source, token})
	wantProblem(t, s, 403, "forbidden", request{"POST", "/v1/scripts/test", source, token})
	const lib = `{"source":"exports.f = (context) => context.keys.local.sign('x').length"}`
	wantProblem(t, s, 403, "forbidden", request{"PUT", "/v1/scripts/lib", lib, token}) // the platform has no such key, which a refusal does not tell
	given(t, s, "/v1", "h", fmt.Sprintf(`{"subject":%q,"permissions":["execute"],"kinds":["key"]}`, writer.Subject))
	want(t, s, 201, request{"PUT", "/v1/scripts/lib", lib, token})
	want(t, s, 204, request{"DELETE", "/v1/grants/h", "", nil})
	// It is decided again when it is used: a module of the platform gets no key of a
	// project by being required there.
	want(t, s, 201, request{"PUT", "/v1/projects/shop/scripts/M", `{"source":"const lib = require('lib'); module.exports = async (context) => lib.f(context)"}`, nil})
	if a := want(t, s, 200, request{"POST", "/v1/projects/shop/scripts/M/run", `{"input":{}}`, nil}); !strings.Contains(string(a.Body), `"code":"key_forbidden"`) {
		t.Errorf("%s", a.Body)
	}
	given(t, s, "/v1", "h", fmt.Sprintf(`{"subject":%q,"permissions":["execute"],"kinds":["key"]}`, writer.Subject))
	want(t, s, 201, request{"PUT", "/v1/scripts/S", source, token})
	if a := want(t, s, 200, request{"POST", "/v1/scripts/S/run", `{"input":{}}`, nil}); !strings.Contains(string(a.Body), `"output":32`) {
		t.Errorf("%s", a.Body)
	}
	if a := want(t, s, 200, request{"POST", "/v1/projects/shop/scripts/M/run", `{"input":{}}`, nil}); !strings.Contains(string(a.Body), `"output":32`) {
		t.Errorf("%s", a.Body)
	}
	want(t, s, 204, request{"DELETE", "/v1/grants/h", "", nil})
	if a := want(t, s, 200, request{"POST", "/v1/scripts/S/run", `{"input":{}}`, nil}); !strings.Contains(string(a.Body), `"code":"key_forbidden"`) {
		t.Errorf("after the grant went: %s", a.Body)
	}
}

// TestSealedKeys runs what docs/sealed.md says of keys, in a worker and in process.
func TestSealedKeys(t *testing.T) {
	page, err := os.ReadFile("../docs/sealed.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Keys\n")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := regexp.MustCompile("(?m)^\\| ([^|]+) \\| `([^`]+)` \\| `([^`]+)` \\|$").FindAllStringSubmatch(section, -1)
	if len(rows) < 10 {
		t.Fatalf("%d rows", len(rows))
	}
	for name, inProcess := range map[string]bool{"worker": false, "in process": true} {
		s := apitest.Start(t, apitest.Options{InProcess: inProcess, Script: func(c *script.Config) { c.Workers = 1 }})
		scriptKeys(t, s, "example.org")
		for _, row := range rows {
			source := "const jwt = require('jsonwebtoken');\nmodule.exports = async function (context) { const S = context.secrets, K = context.keys; return " + row[2] + "\n}"
			a := want(t, s, 200, request{"POST", "/v1/scripts/test", asJSON(t, map[string]any{"source": source, "input": map[string]any{}}), nil})
			got := decode[struct {
				Output json.RawMessage
				Error  *struct{ Code string }
			}](t, a.Body)
			said := string(got.Output)
			if got.Error != nil {
				said = got.Error.Code
			}
			if said != row[3] {
				t.Errorf("%s: %s: %s, want %s", name, row[1], said, row[3])
			}
		}
	}
}
