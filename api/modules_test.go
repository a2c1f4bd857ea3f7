package api_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/api/client"
)

// library gives a library of script/testdata/npm as an author uploads it.
func library(t testing.TB, name string) client.ScriptSpec {
	t.Helper()
	text, err := os.ReadFile("../script/testdata/npm/" + name + ".js")
	if err != nil {
		t.Fatal(err)
	}
	return client.ScriptSpec{Kind: "module", Source: string(text)}
}

// moduleServer starts a server with a project and a service, whose client is held
// to openapi.yaml.
func moduleServer(t *testing.T) (s *apitest.Server, c *client.Client, project, service client.Scope) {
	t.Helper()
	s = apitest.Start(t, apitest.Options{InProcess: true})
	c, err := client.New(s.URL, s.Token, &http.Client{Transport: newContract(t, s)})
	if err != nil {
		t.Fatal(err)
	}
	project, service = client.Scope{Project: "shop"}, client.Scope{Project: "shop", Service: "till"}
	for _, scope := range []client.Scope{project, service} {
		if _, _, err := c.PutScope(t.Context(), scope); err != nil {
			t.Fatal(err)
		}
	}
	return s, c, project, service
}

type putter struct {
	*testing.T
	c *client.Client
}

func (p putter) put(scope client.Scope, name string, spec client.ScriptSpec) client.Script {
	p.Helper()
	script, _, err := p.c.Scripts(scope).Put(p.Context(), name, spec, "")
	if err != nil {
		p.Fatalf("%s: %v", name, err)
	}
	return script
}

func (p putter) source(scope client.Scope, name, source string) client.Script {
	p.Helper()
	return p.put(scope, name, client.ScriptSpec{Source: source})
}

func (p putter) refused(scope client.Scope, name, source, code, message string) {
	p.Helper()
	_, _, err := p.c.Scripts(scope).Put(p.Context(), name, client.ScriptSpec{Source: source}, "")
	if !client.HasCode(err, code) || !strings.Contains(err.Error(), message) {
		p.Errorf("%s: %v, want %s %q", name, err, code, message)
	}
}

func (p putter) gives(scope client.Scope, name, want string) {
	p.Helper()
	got, err := p.c.RunScript(p.Context(), scope, name, map[string]string{})
	if err != nil || got.Error != nil || string(got.Output) != want {
		p.Errorf("%s: %s %v %v, want %s", name, got.Output, got.Error, err, want)
	}
}

// TestModules has a script of a service with modules of every scope: names are
// looked up from where the source that asks is stored, the nearest wins, a change
// is seen by the next run, and what is needed does not go.
func TestModules(t *testing.T) {
	_, c, project, service := moduleServer(t)
	platform := client.Scope{}
	p := putter{t, c}
	p.put(platform, "lodash", library(t, "lodash"))
	p.refused(platform, "rates", "\nexports.vat = () => require('./country').vat", "invalid_script", "there is no module ./country")
	p.source(platform, "country", "exports.vat = 20")
	p.source(platform, "rates", "exports.vat = () => require('./country.js').vat")
	p.source(project, "local", "exports.name = 'project'")
	main := p.source(service, "main", "const _ = require('lodash'), rates = require('rates');\n"+
		"module.exports = async () => [_.capitalize('vat'), rates.vat(), require('local').name, require('node:crypto') === require('crypto')]")
	if d := cmp.Diff(client.RefersTo{Secrets: []string{}, Variables: []string{}, Keys: []string{}, Hosts: []string{}, Modules: []string{"crypto", "local", "lodash", "node:crypto", "rates"}}, main.RefersTo); d != "" {
		t.Error(d)
	}
	p.gives(service, "main", `["Vat",20,"project",true]`)

	// A module of a module.
	p.source(platform, "country", "exports.vat = 25")
	p.gives(service, "main", `["Vat",25,"project",true]`)
	// Nobody below puts another in the place of a module's own modules.
	p.source(project, "country", "exports.vat = 99")
	p.gives(service, "main", `["Vat",25,"project",true]`)
	// A nearer module.
	p.source(service, "local", "exports.name = 'service'")
	p.gives(service, "main", `["Vat",25,"service",true]`)

	del := func(scope client.Scope, name string, force bool) error {
		return c.Scripts(scope).Delete(t.Context(), name, "", force)
	}
	if err := del(platform, "country", false); !client.HasCode(err, "in_use") || len(err.(*client.Problem).UsedBy) != 2 {
		t.Errorf("the module of a module goes: %v", err)
	}
	if err := del(service, "local", true); err != nil {
		t.Fatal(err)
	}
	p.gives(service, "main", `["Vat",25,"project",true]`)
	if err := del(platform, "country", true); err != nil {
		t.Fatal(err)
	}
	got, err := c.RunScript(t.Context(), service, "main", nil)
	if err != nil || got.Error == nil || got.Error.Code != "module_missing" || got.Error.Module != "rates" {
		t.Errorf("without a module: %v %v", got.Error, err)
	}
	p.source(platform, "country", "exports.vat = 7")
	p.gives(service, "main", `["Vat",7,"project",true]`)

	if _, err := c.RunScript(t.Context(), service, "lodash", nil); err == nil || !strings.Contains(err.Error(), "is a module") {
		t.Errorf("a module runs: %v", err)
	}
	test, err := c.TestScript(t.Context(), service, client.ScriptSpec{Source: "module.exports = async () => require('rates').vat()"}, nil)
	if err != nil || string(test.Output) != "7" {
		t.Errorf("a script that is not stored: %+v %v", test, err)
	}
}

// TestModulesThatBreakOthers holds a change of a module to the scripts that it is
// part of.
func TestModulesThatBreakOthers(t *testing.T) {
	_, c, project, _ := moduleServer(t)
	p := putter{t, c}
	p.source(project, "parts", "exports.of = (value) => value")
	p.source(project, "main", "module.exports = async (c) => (({ length }) => length)(require('parts').of([1]))")
	p.gives(project, "main", "1")
	// With a secret in the program such a pattern would take it apart.
	p.refused(project, "parts", "exports.of = (value, c) => value || c.secrets.API_KEY", "invalid_script", "script main of projects/shop, of which this is a part, would be refused")
	p.gives(project, "main", "1")
	p.refused(project, "parts", "exports.of = ;", "invalid_script", "1:14")
	p.source(project, "parts", "exports.of = (value) => [...value, 2]")
	p.gives(project, "main", "2")
	// A cycle is as in Node.
	p.source(project, "parts", "exports.of = (value) => value; exports.main = require('./main')")
	p.gives(project, "main", "1")
}

// TestModuleSecrets requires that the sealing set of a script is that of all its
// modules, as they are now, looked up from where the script is stored.
func TestModuleSecrets(t *testing.T) {
	_, c, project, service := moduleServer(t)
	platform := client.Scope{}
	p := putter{t, c}
	secret := func(scope client.Scope, name, value string) {
		t.Helper()
		if _, err := c.Secrets(scope).Create(t.Context(), name, client.SecretSpec{Value: client.StringValue(value)}); err != nil {
			t.Fatal(err)
		}
	}
	secret(platform, "KEY", "platform-key-0123456789")
	p.source(platform, "auth", "exports.check = (context, given) => given === context.secrets.KEY")
	main := p.source(service, "main", "module.exports = async (c) => require('auth').check(c, c.input.given)")
	if d := cmp.Diff([]string{"KEY"}, main.SealingSet); d != "" {
		t.Error(d)
	}
	gives := func(given, want string) {
		t.Helper()
		got, err := c.RunScript(t.Context(), service, "main", map[string]string{"given": given})
		if err != nil || got.Error != nil || string(got.Output) != want {
			t.Errorf("%s: %s %v %v, want %s", given, got.Output, got.Error, err, want)
		}
	}
	gives("platform-key-0123456789", "true")
	secret(project, "KEY", "project-key-0123456789")
	gives("project-key-0123456789", "true")
	gives("platform-key-0123456789", "false")
	secret(platform, "NEXT", "next-key-0123456789")
	p.source(platform, "auth", "exports.check = (context, given) => given === context.secrets.NEXT")
	gives("next-key-0123456789", "true")
	gives("project-key-0123456789", "false")
	if err := c.Secrets(platform).Delete(t.Context(), "NEXT", "", false); !client.HasCode(err, "in_use") || len(err.(*client.Problem).UsedBy) != 2 {
		t.Errorf("a secret that a module names goes: %v", err)
	}
	// What a module is given, and gives back, is masked by its name.
	p.source(platform, "auth", "exports.check = (context) => ({ token: 'Bearer ' + context.secrets.NEXT })")
	got, err := c.RunScript(t.Context(), service, "main", map[string]string{})
	if err != nil || string(got.Output) != `{"token":"Bearer ***"}` || len(got.Masked) != 1 || got.Masked[0].Secrets[0] != "NEXT" {
		t.Errorf("%+v %v", got, err)
	}
}

// TestNewServerHasModules starts a server on the data of another.
func TestNewServerHasModules(t *testing.T) {
	dir := t.TempDir()
	s := apitest.Start(t, apitest.Options{InProcess: true, DataDir: dir})
	p := putter{t, s.Client}
	p.source(client.Scope{}, "one", "exports.n = 1")
	p.source(client.Scope{}, "main", "module.exports = async () => require('one').n")
	s.Stop()
	p.c = apitest.Start(t, apitest.Options{InProcess: true, DataDir: dir}).Client
	p.gives(client.Scope{}, "main", "1")
}
