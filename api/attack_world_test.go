package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/script"
)

// world is a server with secrets that no other world has. All worlds have the
// same names, draw the same surrogates and are sent the same attacks, so that
// whatever one of them answers otherwise than the others tells of a secret.
type world struct {
	name   string
	server *apitest.Server
	random *recorder
	// values are the secrets, by NAME or NAME.field.
	values map[string]string
	// hidden are the forms of those that an attack does not bring along itself,
	// all the forms of all of them.
	hidden, all map[string][]apitest.Disguise
}

// The secrets of a world. An attack is shown KNOWN and says it in its text.
var worldSecrets = []struct {
	name   string
	fields []string
	length int
	// digits makes it weak.
	digits bool
	// same gives all worlds the same one.
	same bool
	// settings are the rest of the request; HOST is the remote host.
	settings string
}{
	{name: "API_KEY", length: 32},
	{name: "KNOWN", length: 24},
	{name: "CANARY", length: 29, same: true},
	{name: "PASSWORD", length: 30, settings: `"allowed_hosts":["HOST"]`},
	{name: "TOKEN", length: 40, settings: `"allowed_hosts":["HOST"],"allowed_in":["header","query","path","body"]`},
	{name: "HEADER_TOKEN", length: 36, settings: `"allowed_hosts":["HOST"]`},
	{name: "POINTED", length: 28, settings: `"allowed_hosts":["HOST"],"allowed_in":["body:/client/secret"]`},
	{name: "ACCENTED", length: 31, settings: `"allowed_hosts":["HOST"]`},
	{name: "DB", fields: []string{"user", "password"}, length: 26},
	{name: "KEYS", fields: []string{"0", "1"}, length: 27},
	{name: "SIGNING", length: 44, settings: `"release":true`},
	{name: "QUIET_SIGNING", length: 44},
	{name: "PIN1", length: 12, digits: true, settings: `"allowed_hosts":["HOST"]`},
	{name: "PIN2", length: 12, digits: true},
	{name: "PIN3", length: 12, digits: true, settings: `"release":true`},
	{name: "PIN4", length: 12, digits: true},
	{name: "PIN5", length: 12, digits: true},
	{name: "PIN6", length: 12, digits: true},
}

// startWorlds starts three: the secrets of the first two have the same lengths,
// those of the third have others. Those of the first are the ones that need to be
// escaped.
func startWorlds(t *testing.T, host string) []*world {
	t.Helper()
	var out []*world
	for i, name := range []string{"quoted", "plain", "longer"} {
		w := &world{name: name, random: &recorder{from: apitest.Counter()}, values: map[string]string{"HOST": host, "WORLD": name},
			hidden: map[string][]apitest.Disguise{}, all: map[string][]apitest.Disguise{}}
		w.server = apitest.Start(t, apitest.Options{Random: w.random, Script: func(c *script.Config) {
			c.Workers = 2
			// An attack is stopped by what it does and not by a slow machine.
			c.Limits = script.Limits{Time: 30 * time.Second, HostCalls: 2000}
		}})
		for _, s := range worldSecrets {
			length := s.length
			if i == 2 {
				length += 5 + len(s.name)%4
			}
			var value any
			switch {
			case s.same:
				value = w.add(s.name, "", (&world{}).draw(s.name, s.length))
			case s.digits:
				value = w.add(s.name, "", strings.Map(digit, w.draw(s.name, length)))
			case s.fields == nil:
				value = w.add(s.name, "", w.escaped(s.name, w.draw(s.name, length)))
			case s.fields[0] == "0":
				value = []string{w.add(s.name, "0", w.draw(s.name+"0", length)), w.add(s.name, "1", w.draw(s.name+"1", length))}
			default:
				fields := map[string]string{}
				for _, f := range s.fields {
					fields[f] = w.add(s.name, f, w.draw(s.name+f, length))
				}
				value = fields
			}
			body := fmt.Sprintf(`{"name":%q,"value":%s`, s.name, jsonOf(t, value))
			if s.settings != "" {
				body += "," + strings.ReplaceAll(s.settings, "HOST", host)
			}
			if a := deliver(t, w.server, message{method: "POST", path: "/v1/secrets", body: body + "}"}); a.Status != http.StatusCreated {
				t.Fatalf("%s: %d %s", s.name, a.Status, a.Body)
			}
		}
		out = append(out, w)
	}
	return out
}

// draw makes letters and digits of which nobody knows the next.
func (w *world) draw(of string, length int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	var out []byte
	for block := 0; len(out) < length; block++ {
		sum := sha256.Sum256(fmt.Append(nil, w.name, of, block))
		for _, b := range sum {
			out = append(out, alphabet[int(b)%len(alphabet)])
		}
	}
	return string(out[:length])
}

// escaped gives PASSWORD of the first world characters that encodings change, and
// ACCENTED of all worlds some that are not ASCII.
func (w *world) escaped(name, value string) string {
	special := ""
	switch {
	case name == "PASSWORD" && w.name == "quoted":
		special = `"'\+/=&%<> :;?#ż`
	case name == "ACCENTED" && w.name == "plain":
		special = "ß"
	case name == "ACCENTED":
		special = "é"
	}
	at := len(value) - len(special) - 6
	return value[:at] + special + value[at+len(special):]
}

func digit(r rune) rune { return '1' + r%9 }

func (w *world) add(name, field, value string) string {
	if field != "" {
		name += "." + field
	}
	w.values[name] = value
	w.all[name] = apitest.Disguises(value)
	if name != "KNOWN" {
		w.hidden[name] = w.all[name]
	}
	return value
}

// recorder notes the surrogates that a server draws.
type recorder struct {
	from  io.Reader
	mu    sync.Mutex
	drawn []string
}

var surrogateAlphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Read is io.Reader's.
func (r *recorder) Read(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, err := r.from.Read(b)
	r.drawn = append(r.drawn, "rsv_"+surrogateAlphabet.EncodeToString(b[:n]))
	return n, err
}

func (r *recorder) surrogates() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.drawn)
}

// exchange is a request, with a name for reports, and what was answered.
type exchange struct {
	what   string
	answer reply
}

// send sends a request and checks that nothing of a secret comes back. What an
// attack wrote itself may come back where its document is shown.
func (w *world) send(t *testing.T, r message, secrets map[string][]apitest.Disguise) reply {
	t.Helper()
	a := deliver(t, w.server, r)
	text := written(a)
	if found := apitest.Leak(text, secrets); found != "" {
		t.Errorf("%s: %s %s: the answer shows %s:\n%s", w.name, r.method, r.path, found, text)
	}
	if at := strings.Index(text, "rsv_"); at >= 0 && slices.ContainsFunc(w.random.surrogates(), func(s string) bool { return strings.Contains(text, s) }) {
		t.Errorf("%s: %s %s: the answer shows a surrogate:\n%s", w.name, r.method, r.path, text)
	}
	return a
}

// written gives an answer as one text.
func written(a reply) string {
	var b bytes.Buffer
	fmt.Fprintln(&b, a.Status)
	_ = a.Header.Write(&b)
	b.WriteString("\n")
	b.Write(a.Body)
	return b.String()
}

// accidents are what two servers may differ in: times, durations, and what is
// drawn at random when something is stored.
var accidents = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`"duration_ms":[0-9.e-]+`), `"duration_ms":0`},
	{regexp.MustCompile(`"(created_at|updated_at|at)":"[^"]+"`), `"$1":"then"`},
	{regexp.MustCompile(`"[0-9a-z]{26}"`), `"random"`}, // fingerprints and request ids
	{regexp.MustCompile(`(?m)^(Date|Etag|Content-Length): .*\r\n`), ``},
}

func normalised(a reply) string {
	text := written(a)
	for _, x := range accidents {
		text = x.pattern.ReplaceAllString(text, x.with)
	}
	return text
}

// same checks that all worlds gave the same answers.
func same(t *testing.T, worlds []*world, all [][]exchange) {
	t.Helper()
	for i := range all[0] {
		first := normalised(all[0][i].answer)
		for j, other := range all[1:] {
			if i >= len(other) {
				t.Errorf("%s has no answer to %s", worlds[j+1].name, all[0][i].what)
				continue
			}
			if diff := cmp.Diff(first, normalised(other[i].answer)); diff != "" {
				t.Errorf("the answers to %s differ with the secrets: -%s +%s\n%s", all[0][i].what, worlds[0].name, worlds[j+1].name, diff)
			}
		}
	}
}

// audit looks for the secrets in what a world's server left behind: its log, its
// metrics and every file of its data.
func (w *world) audit(t *testing.T) {
	t.Helper()
	w.send(t, message{method: "GET", path: "/metrics"}, w.all)
	left := map[string]string{"log": w.server.Log.String()}
	w.server.Stop()
	err := filepath.WalkDir(w.server.DataDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		left[path] = string(raw)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if len(left) < 3 {
		t.Errorf("there should be a log, a database and a key, there is %v", slices.Collect(maps.Keys(left)))
	}
	surrogates := w.random.surrogates()
	for where, text := range left {
		secrets := w.hidden
		if where == "log" {
			secrets = w.all
		}
		if found := apitest.Leak(text, secrets); found != "" {
			t.Errorf("%s: %s shows %s", w.name, where, found)
		}
		if i := slices.IndexFunc(surrogates, func(s string) bool { return strings.Contains(text, s) }); i >= 0 {
			t.Errorf("%s: %s shows a surrogate", w.name, where)
		}
	}
}

// fill puts a world's secrets into the strings and keys of a JSON text:
// {{NAME}}, or {{NAME|form}} for a form of forms.
func (w *world) fill(t *testing.T, text string) string {
	t.Helper()
	if !strings.Contains(text, "{{") {
		return text
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	var deep func(v any) any
	deep = func(v any) any {
		switch v := v.(type) {
		case string:
			return w.fillText(t, v)
		case []any:
			for i := range v {
				v[i] = deep(v[i])
			}
		case map[string]any:
			out := map[string]any{}
			for k, e := range v {
				out[w.fillText(t, k)] = deep(e)
			}
			return out
		}
		return v
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(deep(v)); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

var placeholder = regexp.MustCompile(`{{([A-Za-z0-9_.]+)(?:\|([a-z0-9]+))?}}`)

func (w *world) fillText(t *testing.T, text string) string {
	t.Helper()
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		m := placeholder.FindStringSubmatch(p)
		value, ok := w.values[m[1]]
		form, known := forms[m[2]]
		if !ok || !known {
			t.Fatalf("%s: there is no such secret or form", p)
		}
		return form(value)
	})
}
