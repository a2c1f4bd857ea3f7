package secretstore_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"go.etcd.io/bbolt"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/audit"
	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/kv"
	"github.com/reticent/reticent/secretstore/kv/bolt"
)

// kms is a key of a key management service, whose name is its secret here.
type kms string

func (k kms) Name() string { return string(k) }

func (k kms) Wrap(_ context.Context, key, associated []byte) ([]byte, error) {
	return k.cipher().Encrypt(key, associated)
}

func (k kms) Unwrap(_ context.Context, wrapped, associated []byte) ([]byte, error) {
	return k.cipher().Decrypt(wrapped, associated)
}

func (k kms) cipher() *subtle.AESGCM {
	secret := sha256.Sum256([]byte(k))
	c, err := subtle.NewAESGCM(secret[:])
	if err != nil {
		panic(err)
	}
	return c
}

// holders are the places for keys in a test's directory: key files, and rows.
type holders struct {
	dir string
	db  kv.Store
}

func (h holders) open(_ context.Context, name string) (envelope.Holder, error) {
	if strings.HasPrefix(name, "kms:") {
		return envelope.NewRowHolder(h.db, kms(name)), nil
	}
	return envelope.NewFileHolder(filepath.Join(h.dir, strings.TrimPrefix(name, "file:")))
}

// openUnder opens a store with the key of a name, which it makes if there is none.
func openUnder(ctx context.Context, dir, name string, log *slog.Logger) (*secretstore.Store, error) {
	db, err := bolt.Open(filepath.Join(dir, "data", "state.db"), bolt.Options{})
	if err != nil {
		return nil, err
	}
	s, err := openOn(ctx, db, filepath.Join(dir, "data"), name, log)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func openOn(ctx context.Context, db kv.Store, dir, name string, log *slog.Logger) (*secretstore.Store, error) {
	all := holders{dir, db}
	holder, err := all.open(ctx, name)
	if err != nil {
		return nil, err
	}
	keys, err := holder.Load(ctx)
	if errors.Is(err, envelope.ErrNoKeyring) {
		if keys, err = envelope.Generate(); err == nil {
			err = holder.Create(ctx, keys)
		}
	}
	if err != nil {
		return nil, err
	}
	return secretstore.Open(ctx, secretstore.Config{KV: db, Keys: keys, Log: log, Holder: holder, Holders: all.open,
		KeysTo: []string{"file:key.json", "file:other.json", "kms:one", "kms:two"}})
}

func under(t *testing.T, dir, name string) *secretstore.Store {
	t.Helper()
	s, err := openUnder(t.Context(), dir, name, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// rotated waits for the end of a rotation.
func rotated(t *testing.T, s *secretstore.Store) secretstore.KEK {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		k, err := s.KEK(admin)
		if err != nil {
			t.Fatal(err)
		}
		if k.Rotation == nil || k.Rotation.FinishedAt != nil {
			return k
		}
		if time.Now().After(deadline) {
			t.Fatalf("not finished: %+v", k.Rotation)
		}
	}
}

func rotate(t *testing.T, s *secretstore.Store, to string) secretstore.KEK {
	t.Helper()
	began, err := s.RotateKEK(t.Context(), admin, to)
	if err != nil {
		t.Fatal(err)
	}
	ended := rotated(t, s)
	if ended.ID != began.ID {
		t.Errorf("rotated to %s, and %s is the key", began.ID, ended.ID)
	}
	return ended
}

// keksIn gives the IDs of all keys in the bytes of a store's database that is closed,
// rows and pages that are free.
func keksIn(t *testing.T, dir string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "data", "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, part := range bytes.Split(text, []byte(`"kek":"kek_`))[1:] {
		out = append(out, "kek_"+string(part[:26]))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestRotation(t *testing.T) {
	for _, x := range []struct{ from, to, then string }{
		{"file:key.json", "", "file:key.json"},
		{"file:key.json", "file:other.json", "file:other.json"},
		{"file:key.json", "kms:one", "kms:one"},
		{"kms:one", "", "kms:one"},
		{"kms:one", "kms:two", "kms:two"},
		{"kms:one", "file:key.json", "file:key.json"},
	} {
		t.Run(x.from+" to "+x.to, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := under(t, dir, x.from)
			mustCreate(t, s, secretstore.Scope{}, "A", secretstore.Spec{Value: value(strong)})
			if _, err := s.EnsureAdminToken(t.Context(), "token-of-the-rotation"); err != nil {
				t.Fatal(err)
			}
			before, err := s.KEK(admin)
			if err != nil {
				t.Fatal(err)
			}
			now := rotate(t, s, x.to)
			if now.ID == before.ID || now.Rotation.Rewrapped < 3 {
				t.Errorf("before %+v, now %+v, %+v", before, now, now.Rotation)
			}
			check := func(s *secretstore.Store) {
				t.Helper()
				if _, ok := s.Authenticate("token-of-the-rotation"); !ok || !sees(t, s, secretstore.Scope{}, "A", strong) {
					t.Error("the secret or the token is lost")
				}
				if report, err := s.VerifyAudit(t.Context(), admin); err != nil || !report.Intact {
					t.Errorf("audit log: %+v, %v", report, err)
				}
			}
			check(s)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if left := keksIn(t, dir); len(left) != 1 || left[0] != now.ID {
				t.Errorf("the database has something under %v, want %s alone", left, now.ID)
			}
			s = under(t, dir, x.then)
			check(s)
			if k, err := s.KEK(admin); err != nil || k.ID != now.ID || k.Rotation != nil {
				t.Errorf("after a start: %+v, %v", k, err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if x.then == x.from {
				return
			}
			// The old key opens nothing any more, and the error names where the keys are.
			_, err = openUnder(t.Context(), dir, x.from, nil)
			if err == nil || strings.HasPrefix(x.from, "file:") && !errors.Is(err, envelope.ErrWrongKey) {
				t.Errorf("a start with the old key: %v", err)
			}
		})
	}
}

// While a key is rotated, again and again, evaluations compare and writers write, and
// none of them fails.
func TestRotationUnderLoad(t *testing.T) {
	dir := t.TempDir()
	s := under(t, dir, "file:key.json")
	scope := secretstore.Scope{}
	const secrets = 300
	for i := range secrets {
		mustCreate(t, s, scope, fmt.Sprint("S", i), secretstore.Spec{Value: value(fmt.Sprint(strong, i))})
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var reads, writes atomic.Int64
	for w := range 2 {
		wg.Go(func() {
			for i := w; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if name := fmt.Sprint("S", i%secrets); !sees(t, s, scope, name, fmt.Sprint(strong, i%secrets)) {
					t.Errorf("%s is not what it was", name)
				}
				reads.Add(1)
			}
		})
	}
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			name := fmt.Sprint("W", i)
			if _, err := s.CreateSecret(context.Background(), admin, scope, name, secretstore.Spec{Value: value(strong + name)}); err != nil {
				t.Errorf("write: %v", err)
				return
			}
			if !sees(t, s, scope, name, strong+name) {
				t.Errorf("%s was written and is not there", name)
			}
			writes.Add(1)
		}
	})
	last := ""
	for range 5 {
		last = rotate(t, s, "").ID
	}
	close(stop)
	wg.Wait()
	t.Logf("%d comparisons and %d writes during 5 rotations", reads.Load(), writes.Load())
	if reads.Load() == 0 || writes.Load() == 0 {
		t.Error("nothing went on during the rotations")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left := keksIn(t, dir); len(left) != 1 || left[0] != last {
		t.Errorf("the database has something under %v, want %s alone", left, last)
	}
}

// faulty is a database that fails a write, as if the machine had stopped there.
type faulty struct {
	kv.Store
	left *atomic.Int64
}

var errStopped = errors.New("stopped")

func (f faulty) Update(ctx context.Context, fn func(kv.WriteTx) error) (int64, error) {
	if f.left.Add(-1) < 0 {
		return 0, errStopped
	}
	return f.Store.Update(ctx, fn)
}

// A rotation that stops after any number of writes goes on at the next start, be it
// with the old key or with the new one.
func TestRotationResumesAfterEveryStep(t *testing.T) {
	for _, way := range [][2]string{{"file:key.json", "file:key.json"}, {"file:key.json", "file:other.json"}, {"file:key.json", "kms:one"}, {"kms:one", "file:key.json"}} {
		for _, startWith := range way {
			t.Run(fmt.Sprint(way, " then ", startWith), func(t *testing.T) {
				t.Parallel()
				for steps := range 12 {
					if finished := stopAfter(t, way[0], way[1], startWith, int64(steps)); finished {
						return
					}
				}
				t.Error("it takes more steps than the test takes")
			})
		}
	}
}

func stopAfter(t *testing.T, from, to, startWith string, steps int64) (finished bool) {
	t.Helper()
	dir, name := filepath.Join(t.TempDir(), "data"), fmt.Sprintf("stopped after %d writes", steps)
	db, err := bolt.Open(filepath.Join(dir, "state.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	left := new(atomic.Int64)
	left.Store(1 << 40)
	s, err := openOn(t.Context(), faulty{db, left}, dir, from, nil)
	if err != nil {
		t.Fatal(err)
	}
	mustCreate(t, s, secretstore.Scope{}, "A", secretstore.Spec{Value: value(strong)})
	left.Store(steps)
	_, err = s.RotateKEK(t.Context(), admin, to)
	if err == nil {
		for {
			k, err := s.KEK(admin)
			if err != nil {
				t.Fatal(err)
			}
			if finished = k.Rotation.FinishedAt != nil; finished || k.Rotation.Problem != "" {
				break
			}
		}
	}
	// What is written at the end of a process would not be after a kill.
	left.Store(-1 << 40)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if finished && startWith != to {
		return true
	}
	began := err == nil
	s, err = openUnder(t.Context(), filepath.Dir(dir), startWith, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		if !began && startWith == to {
			return false // that is no key of the database yet
		}
		t.Fatalf("%s, start with %s: %v", name, startWith, err)
	}
	end := rotated(t, s)
	if !sees(t, s, secretstore.Scope{}, "A", strong) {
		t.Fatalf("%s: the secret is lost", name)
	}
	mustCreate(t, s, secretstore.Scope{}, "B", secretstore.Spec{Value: value(strong)})
	if report, err := s.VerifyAudit(t.Context(), admin); err != nil || !report.Intact {
		t.Errorf("%s: audit log %+v, %v", name, report, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left := keksIn(t, filepath.Dir(dir)); len(left) != 1 || left[0] != end.ID {
		t.Errorf("%s: the database has something under %v, want %s alone", name, left, end.ID)
	}
	return finished
}

// Who can write the database and has no key cannot have the server take a key of his.
func TestAttackForgedRotation(t *testing.T) {
	dir, mine := t.TempDir(), t.TempDir()
	s := under(t, dir, "file:key.json")
	mustCreate(t, s, secretstore.Scope{}, "A", secretstore.Spec{Value: value(strong)})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// The attacker's own server is stopped in the middle of a rotation to his key.
	left := new(atomic.Int64)
	left.Store(1 << 40)
	db, err := bolt.Open(filepath.Join(mine, "data", "state.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := openOn(t.Context(), faulty{db, left}, filepath.Join(mine, "data"), "file:key.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	mustCreate(t, a, secretstore.Scope{}, "A", secretstore.Spec{Value: value(strong)})
	left.Store(1)
	if _, err := a.RotateKEK(t.Context(), admin, "file:other.json"); err != nil {
		t.Fatal(err)
	}
	left.Store(-1 << 40)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	forged := row(t, mine, "meta:rotation")
	edit(t, dir, func(b *bbolt.Bucket) {
		if err := b.Put([]byte("meta:rotation"), forged); err != nil {
			t.Error(err)
		}
	})
	if _, err := openUnder(t.Context(), dir, "file:key.json", nil); !errors.Is(err, envelope.ErrWrongKey) {
		t.Errorf("a start with a forged rotation: %v", err)
	}
	// With the IDs changed to those of the victim's key it does not authenticate.
	keys, err := envelope.OpenFile(filepath.Join(dir, "data", "key.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range keksOf(forged) {
		forged = bytes.ReplaceAll(forged, []byte(id), []byte(keys.ID()))
	}
	edit(t, dir, func(b *bbolt.Bucket) {
		if err := b.Put([]byte("meta:rotation"), forged); err != nil {
			t.Error(err)
		}
	})
	if _, err := openUnder(t.Context(), dir, "file:key.json", nil); !errors.Is(err, envelope.ErrTampered) {
		t.Errorf("a start with a forged rotation: %v", err)
	}
}

func keksOf(text []byte) (out []string) {
	for _, part := range bytes.Split(text, []byte(`"kek":"`))[1:] {
		out = append(out, string(part[:30]))
	}
	return out
}

func TestRotationRefusals(t *testing.T) {
	dir := t.TempDir()
	s := under(t, dir, "file:key.json")
	if _, err := s.RotateKEK(t.Context(), secretstore.Principal{ID: "token:x"}, ""); !errors.Is(err, secretstore.ErrForbidden) {
		t.Errorf("by nobody: %v", err)
	}
	if _, err := s.RotateKEK(t.Context(), admin, "file:third.json"); !errors.Is(err, secretstore.ErrInvalid) {
		t.Errorf("to what the operator does not allow: %v", err)
	}
	taken := filepath.Join(dir, "data", "other.json")
	if err := os.WriteFile(taken, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RotateKEK(t.Context(), admin, "file:other.json"); !errors.Is(err, secretstore.ErrUnavailable) {
		t.Errorf("to a file that is there: %v", err)
	}
	if text, err := os.ReadFile(taken); err != nil || string(text) != "x" {
		t.Errorf("the file was overwritten: %q, %v", text, err)
	}
	page, err := s.Audit(t.Context(), admin, secretstore.Scope{}, secretstore.AuditFilter{Action: "kek.rotate", Outcome: audit.OK})
	if err != nil || len(page.Entries) != 0 {
		t.Errorf("%+v, %v", page.Entries, err)
	}
	rotate(t, s, "")
	for action, by := range map[string]string{"kek.rotate": admin.ID, "kek.drop": "server"} {
		page, err := s.Audit(t.Context(), admin, secretstore.Scope{}, secretstore.AuditFilter{Action: action, Outcome: audit.OK})
		if err != nil || len(page.Entries) != 1 || page.Entries[0].Principal != by || !strings.HasPrefix(page.Entries[0].Name, "kek_") {
			t.Errorf("%s: %+v, %v", action, page.Entries, err)
		}
	}
}
