package manager_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reticent/reticent/secretstore/manager"
)

// backend is a manager that a test can change.
type backend interface {
	set(name, key, value string)
	remove(name string)
}

// contracts are the managers that the same tests are run with.
var contracts = []struct {
	name  string
	keyed bool
	// start gives a manager's document, what is behind it, and where faults are put;
	// nil for one that no network leads to.
	start func(w *world) (map[string]any, backend, *vendor)
	local func(t testing.TB) manager.Local
}{
	{"vault kv1", true, func(w *world) (map[string]any, backend, *vendor) {
		v := newFakeVault(w.t, 1)
		return vaultSpec(w, v), v, v.vendor
	}, nil},
	{"vault kv2", true, func(w *world) (map[string]any, backend, *vendor) {
		v := newFakeVault(w.t, 2)
		return vaultSpec(w, v), v, v.vendor
	}, nil},
	{"aws", true, func(w *world) (map[string]any, backend, *vendor) {
		a := newFakeAWS(w.t)
		return awsSpec(w, a), a, a.vendor
	}, nil},
	{"directory", false, func(w *world) (map[string]any, backend, *vendor) {
		d := mounted{w.t, filepath.Join(directoryRoot(w.t), "app")}
		return map[string]any{"kind": "directory", "directory": map[string]any{"path": d.path}}, d, nil
	}, func(t testing.TB) manager.Local { return manager.Local{Directories: []string{directoryRoot(t)}} }},
	{"environment", false, func(w *world) (map[string]any, backend, *vendor) {
		return map[string]any{"kind": "environment", "environment": map[string]any{"prefix": "RETICENT_TEST_"}}, variables{w.t}, nil
	}, func(testing.TB) manager.Local { return manager.Local{EnvironmentPrefixes: []string{"RETICENT_TEST_"}} }},
}

// variables are those of the test's process.
type variables struct{ t testing.TB }

func (v variables) set(name, _, value string) { v.t.(*testing.T).Setenv("RETICENT_TEST_"+name, value) }
func (v variables) remove(name string)        { _ = os.Unsetenv("RETICENT_TEST_" + name) }

var roots sync.Map // of directories, by name of test

func directoryRoot(t testing.TB) string {
	root, _ := roots.LoadOrStore(t.Name(), t.TempDir())
	return root.(string)
}

// mounted is a directory as Kubernetes mounts a secret: the files are links into
// ..data, a link to a directory with a time in its name, which is replaced as a whole.
type mounted struct {
	t    testing.TB
	path string
}

func (m mounted) update(change func(files map[string]string)) {
	m.t.Helper()
	files := make(map[string]string)
	old, _ := os.Readlink(filepath.Join(m.path, "..data"))
	entries, _ := os.ReadDir(filepath.Join(m.path, "..data"))
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(m.path, "..data", e.Name()))
		if err != nil {
			m.t.Fatal(err)
		}
		files[e.Name()] = string(b)
	}
	change(files)
	check := func(err error) {
		m.t.Helper()
		if err != nil {
			m.t.Fatal(err)
		}
	}
	check(os.MkdirAll(m.path, 0o700))
	dir, err := os.MkdirTemp(m.path, "..2026_")
	check(err)
	for name, text := range files {
		check(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		link := filepath.Join(m.path, name)
		_ = os.Remove(link)
		check(os.Symlink(filepath.Join("..data", name), link))
	}
	check(os.Symlink(filepath.Base(dir), filepath.Join(m.path, "..data_tmp")))
	check(os.Rename(filepath.Join(m.path, "..data_tmp"), filepath.Join(m.path, "..data")))
	if old != "" {
		check(os.RemoveAll(filepath.Join(m.path, old)))
	}
}

func (m mounted) set(name, _, value string) {
	m.update(func(files map[string]string) { files[name] = value + "\n" })
}

func (m mounted) remove(name string) {
	m.update(func(files map[string]string) { delete(files, name) })
}

const (
	first  = "the first value of the secret 1618"
	second = "the second value of the secret 2718"
)

// TestContract is what every manager does.
func TestContract(t *testing.T) {
	for _, c := range contracts {
		begin := func(t *testing.T) (w *world, b backend, v *vendor, reference string) {
			local := manager.Local{}
			if c.local != nil {
				local = c.local(t)
			}
			w = open(t, local)
			spec, b, v := c.start(w)
			b.set("MAIN", "password", first)
			w.manager("m", spec)
			if reference = "m/MAIN"; c.keyed {
				reference += "/password"
			}
			return w, b, v, reference
		}
		t.Run(c.name, func(t *testing.T) {
			t.Run("fetch, keep, clear", func(t *testing.T) {
				w, b, v, reference := begin(t)
				w.is(reference, first)
				calls := 0
				if v != nil {
					calls = v.count()
				}
				if c.name != "directory" { // which is watched
					b.set("MAIN", "password", second)
					w.is(reference, first)
				}
				if v != nil && v.count() != calls {
					t.Errorf("%d requests for a secret that is kept", v.count()-calls)
				}
				b.set("MAIN", "password", second)
				if err := w.Clear(t.Context(), admin, platform, "m", "MAIN"); err != nil {
					t.Fatal(err)
				}
				w.is(reference, second)
				b.remove("MAIN")
				if err := w.Clear(t.Context(), admin, platform, "m", ""); err != nil {
					t.Fatal(err)
				}
				w.missing(reference) // revoked
			})
			t.Run("what is not there is not asked for each time", func(t *testing.T) {
				w, b, v, reference := begin(t)
				absent := strings.Replace(reference, "MAIN", "ABSENT", 1)
				w.missing(absent)
				if v != nil {
					calls := v.count()
					w.missing(absent)
					if v.count() != calls {
						t.Error("it was asked for again at once")
					}
				}
				b.set("ABSENT", "password", second)
				w.clock.advance(manager.NegativeTTL)
				w.is(absent, second)
			})
			t.Run("time", func(t *testing.T) {
				w, b, _, reference := begin(t)
				w.is(reference, first)
				b.set("MAIN", "password", second)
				w.clock.advance(manager.DefaultTTL)
				w.is(reference, second)
			})
			t.Run("cache", func(t *testing.T) {
				w, _, _, reference := begin(t)
				w.is(reference, first)
				w.missing(strings.Replace(reference, "MAIN", "ABSENT", 1))
				cached, err := w.Cache(admin, platform, "m")
				if err != nil || len(cached) != 2 || cached[0].Name != "ABSENT" || cached[0].State != "missing" || cached[0].Reason != "not found" ||
					cached[1].Name != "MAIN" || cached[1].State != "fresh" || cached[1].Expired {
					t.Fatalf("the cache is %+v, %v", cached, err)
				}
				w.clock.advance(manager.DefaultTTL)
				if cached, _ = w.Cache(admin, platform, "m"); !cached[1].Expired || cached[1].State != "expired" {
					t.Errorf("after its time it is %+v", cached[1])
				}
			})
			t.Run("one fetch for all who wait", func(t *testing.T) {
				w, _, v, reference := begin(t)
				if v == nil {
					return // no network leads to it
				}
				var all sync.WaitGroup
				for range 20 {
					all.Go(func() { w.holds(t.Context(), reference, first) })
				}
				all.Wait()
				if v.count() > 3 { // with logins
					t.Errorf("%d requests for one secret", v.count())
				}
			})
			t.Run("faults", func(t *testing.T) {
				w, _, v, reference := begin(t)
				if v == nil {
					return // no network leads to it
				}
				for _, fault := range faults {
					v.setFault(fault)
					start := time.Now()
					w.missing(reference)
					if took := time.Since(start); took > manager.MaxTimeout/2 {
						t.Errorf("%s: it took %s", fault, took)
					}
					v.setFault("")
					w.clock.advance(manager.RetryAfter + manager.BreakTime)
					w.is(reference, first)
					if err := w.Clear(t.Context(), admin, platform, "m", ""); err != nil {
						t.Fatal(err)
					}
				}
				if strings.Contains(w.log.String(), "planted-in-malformed-json-7361") {
					t.Error("the log has what the manager answered")
				}
			})
			t.Run("circuit breaker", func(t *testing.T) {
				w, _, v, reference := begin(t)
				if v == nil {
					return // no network leads to it
				}
				v.setFault("500")
				for range manager.BreakAfter {
					w.missing(reference)
					w.clock.advance(manager.RetryAfter)
				}
				calls := v.count()
				w.missing(reference)
				if h, err := w.Health(admin, platform, "m"); err != nil || h.State != "open" || h.Failures != manager.BreakAfter || w.Open() != 1 {
					t.Errorf("the health is %+v, %v", h, err)
				}
				if v.count() != calls {
					t.Error("the manager was asked while the circuit breaker was open")
				}
				v.setFault("")
				w.clock.advance(manager.BreakTime)
				w.is(reference, first)
				if h, _ := w.Health(admin, platform, "m"); h.State != "ok" || w.Open() != 0 {
					t.Errorf("after that the health is %+v", h)
				}
			})
			t.Run("stale while the manager fails", func(t *testing.T) {
				w, b, v, reference := begin(t)
				if v == nil {
					return // no network leads to it
				}
				e, err := w.Get(admin, platform, "m")
				if err != nil {
					t.Fatal(err)
				}
				if _, err := w.Patch(t.Context(), admin, platform, "m", []byte(`{"stale_seconds": 600}`), e.ETag); err != nil {
					t.Fatal(err)
				}
				w.is(reference, first)
				b.set("MAIN", "password", second)
				v.setFault("503")
				w.clock.advance(manager.DefaultTTL + time.Minute)
				w.is(reference, first)
				w.clock.advance(10 * time.Minute)
				w.missing(reference)
				v.setFault("")
				w.clock.advance(manager.BreakTime)
				w.is(reference, second)
			})
			t.Run("who does not wait", func(t *testing.T) {
				w, _, v, reference := begin(t)
				if v == nil {
					return // no network leads to it
				}
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				if _, err := w.store.SealingSet(ctx, admin, "script", platform, refers(reference)); err == nil {
					t.Error("it was waited for")
				}
				w.is(reference, first) // the fetch went on
			})
		})
	}
}
