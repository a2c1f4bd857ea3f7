package manager_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"os"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/kv/bolt"
	"github.com/reticent/reticent/secretstore/manager"
)

var (
	admin    = secretstore.Principal{ID: "token:admin", Admin: true}
	platform = secretstore.Scope{}
)

// world is a store with managers, without an API.
type world struct {
	*manager.Service
	t     testing.TB
	store *secretstore.Store
	log   *buffer
	clock *clock

	mu       sync.Mutex
	outcomes map[string]int
}

// buffer is a log.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// clock is a time that a test moves.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

func open(t testing.TB, local manager.Local) *world {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	keys, err := envelope.CreateFile(filepath.Join(dir, "key.json"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := bolt.Open(filepath.Join(dir, "state.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, log: &buffer{}, clock: &clock{}, outcomes: make(map[string]int)}
	log := slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if w.store, err = secretstore.Open(t.Context(), secretstore.Config{KV: db, Keys: keys, Log: log}); err != nil {
		t.Fatal(err)
	}
	out, err := egress.New(egress.Config{AllowLoopback: true, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	w.Service = manager.NewService(manager.Config{Store: w.store, Egress: out, Local: local, Log: log, Fetched: w.fetched})
	w.SetNow(w.clock.now)
	t.Cleanup(func() {
		w.Close()
		out.Close()
		_ = w.store.Close()
	})
	return w
}

func (w *world) fetched(kind, outcome string, _ time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.outcomes[kind+" "+outcome]++
}

// secret makes a secret that may go to hosts of this machine, in any place.
func (w *world) secret(name, value, host string) {
	w.t.Helper()
	spec := secretstore.Spec{}
	raw, _ := json.Marshal(map[string]any{"value": value, "allowed_hosts": []string{host}, "allowed_in": []string{"header", "body"}})
	if err := secretstore.Decode(raw, &spec); err != nil {
		w.t.Fatal(err)
	}
	if _, _, err := w.store.PutSecret(w.t.Context(), admin, platform, name, spec, ""); err != nil {
		w.t.Fatal(err)
	}
}

// manager stores a manager; spec has what is to be over the usual.
func (w *world) manager(name string, spec map[string]any) {
	w.t.Helper()
	raw, err := json.Marshal(spec)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, _, err := w.Put(w.t.Context(), admin, platform, name, raw, ""); err != nil {
		w.t.Fatal(err)
	}
}

// holds reports whether what a reference means is a value, as an artefact that is
// tested sees it, and whether it is there at all.
func (w *world) holds(ctx context.Context, reference, value string) (equal, there bool) {
	w.t.Helper()
	set, err := w.store.SealingSet(ctx, admin, secretstore.KindScript, platform, secretstore.References{Secrets: []string{reference}})
	if err != nil {
		w.t.Fatal(err)
	}
	if set.Missing() != nil {
		return false, false
	}
	run := set.NewRun(w.store.RunOptions(admin, platform))
	token, err := run.Lookup(reference)
	if err != nil {
		w.t.Fatal(err)
	}
	equal, err = run.Equal(token.(string), value)
	if err != nil {
		w.t.Fatal(err)
	}
	return equal, true
}

func (w *world) is(reference, value string) {
	w.t.Helper()
	equal, there := w.holds(w.t.Context(), reference, value)
	if !there {
		w.t.Fatalf("%s is missing; the log: %s", reference, w.log)
	}
	if !equal {
		w.t.Fatalf("%s is not what the manager has", reference)
	}
}

func (w *world) missing(reference string) {
	w.t.Helper()
	if _, there := w.holds(w.t.Context(), reference, ""); there {
		w.t.Fatalf("%s is there", reference)
	}
}

func refers(reference string) secretstore.References {
	return secretstore.References{Secrets: []string{reference}}
}
