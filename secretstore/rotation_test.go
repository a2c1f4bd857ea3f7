package secretstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/kv/bolt"
)

// clock is a time that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func (c *clock) pass(d time.Duration) { c.at = c.at.Add(d) }

// timed opens a store whose time stands still.
func timed(t *testing.T) (*secretstore.Store, *clock) {
	t.Helper()
	c := &clock{time.Now().UTC().Truncate(time.Second)}
	dir := t.TempDir()
	keys, err := envelope.CreateFile(filepath.Join(dir, "key.json"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := bolt.Open(filepath.Join(dir, "state.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := secretstore.Open(t.Context(), secretstore.Config{KV: db, Keys: keys, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, c
}

func get(t *testing.T, s *secretstore.Store, name string) secretstore.Secret {
	t.Helper()
	secret, err := s.Secret(admin, secretstore.Scope{}, name)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func passed(t *testing.T, r *secretstore.Rotator) {
	t.Helper()
	if err := r.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// statuses are those of all versions, the newest first.
func statuses(t *testing.T, s *secretstore.Store, name string) string {
	t.Helper()
	versions, err := s.Versions(admin, secretstore.Scope{}, name)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, v := range versions {
		out = append(out, string(v.Status[0]))
	}
	return strings.Join(out, "")
}

// TestRotationByGeneration follows plans through the months.
func TestRotationByGeneration(t *testing.T) {
	s, c := timed(t)
	root, day, keep := secretstore.Scope{}, 24*time.Hour, 2
	expires := c.at.Add(30 * day)
	mustCreate(t, s, root, "EVERY", secretstore.Spec{
		Generate: &secretstore.Generate{Kind: "password"}, AllowedHosts: []string{"api.example.com"},
		Rotation: &secretstore.RotationPlan{Every: "720h", Generate: &secretstore.Generate{Kind: "password", Length: 40}, Keep: &keep},
	})
	mustCreate(t, s, root, "BEFORE", secretstore.Spec{
		Value: value(strong), ExpiresAt: &expires,
		Rotation: &secretstore.RotationPlan{BeforeExpiry: "72h", Generate: &secretstore.Generate{Kind: "hex"}},
	})
	mustCreate(t, s, root, "NONE", secretstore.Spec{Value: value(strong)})
	outcomes := map[string]int{}
	r := s.NewRotator(secretstore.RotatorConfig{Count: func(o string) { outcomes[o]++ }})
	before := get(t, s, "EVERY")
	if next := before.RotationState.Next; !next.Equal(c.at.Add(30 * day)) {
		t.Errorf("next %v", next)
	}
	passed(t, r)
	if now := get(t, s, "EVERY"); now.Version != 1 || now.ETag != before.ETag {
		t.Errorf("rotated before its time: %+v", now)
	}

	c.pass(27 * day)
	passed(t, r)
	now := get(t, s, "BEFORE")
	if now.Version != 2 || !now.ExpiresAt.Equal(c.at.Add(30*day)) || !now.RotationState.Last.Equal(c.at) || !now.RotationState.Next.Equal(c.at.Add(27*day)) {
		t.Errorf("%+v %+v", now, now.RotationState)
	}
	passed(t, r)
	if again := get(t, s, "BEFORE"); again.Version != 2 {
		t.Errorf("version %d", again.Version)
	}
	for range 4 {
		c.pass(30 * day)
		passed(t, r)
	}
	if now := get(t, s, "EVERY"); now.Version != 5 || now.Weak || !cmp.Equal(now.AllowedHosts, []string{"api.example.com"}) {
		t.Errorf("%+v", now)
	}
	if got := statuses(t, s, "EVERY"); got != "EEEDD" {
		t.Errorf("versions %s", got)
	}
	if got := statuses(t, s, "BEFORE"); got != "EEDDDD" { // one by default
		t.Errorf("versions %s", got)
	}
	if get(t, s, "NONE").Version != 1 || outcomes["rotated"] != 9 || outcomes["failed"] != 0 {
		t.Errorf("outcomes %v", outcomes)
	}

	// A value that somebody writes puts the plan off, and a plan that is gone ends.
	c.pass(29 * day)
	if _, _, err := s.AddVersion(t.Context(), admin, root, "EVERY", given(strong), ""); err != nil {
		t.Fatal(err)
	}
	c.pass(2 * day)
	if _, err := s.PatchSecret(t.Context(), admin, root, "BEFORE", secretstore.Patch{Rotation: secretstore.Optional[json.RawMessage]{Present: true}}, ""); err != nil {
		t.Fatal(err)
	}
	passed(t, r)
	if get(t, s, "EVERY").Version != 6 || get(t, s, "BEFORE").Version != 6 || get(t, s, "BEFORE").Rotation != nil {
		t.Errorf("%+v %+v", get(t, s, "EVERY"), get(t, s, "BEFORE"))
	}
}

// scripted makes a secret that a script rotates, on the permissions of author.
func scripted(t *testing.T, s *secretstore.Store, author secretstore.Principal) {
	t.Helper()
	scripts := secretstore.Shelf[thing]{Store: s, Kind: secretstore.KindScript,
		Check: func(context.Context, secretstore.Scope, string, *thing) (secretstore.References, error) {
			return secretstore.References{}, nil
		}}
	if _, _, err := scripts.Put(t.Context(), admin, secretstore.Scope{}, "fetch", json.RawMessage(`{"text":"x"}`), ""); err != nil {
		t.Fatal(err)
	}
	mustCreate(t, s, secretstore.Scope{}, "S", secretstore.Spec{Value: value(strong)})
	plan := secretstore.Optional[json.RawMessage]{Present: true, Value: json.RawMessage(`{"every":"24h","script":"fetch"}`)}
	if _, err := s.PatchSecret(t.Context(), author, secretstore.Scope{}, "S", secretstore.Patch{Rotation: plan}, ""); err != nil {
		t.Fatal(err)
	}
}

// TestRotationFails: what fails is tried again, later each time, tells why, and
// leaves the value.
func TestRotationFails(t *testing.T) {
	s, c := timed(t)
	scripted(t, s, admin)
	before := get(t, s, "S")
	var result error
	runs := 0
	r := s.NewRotator(secretstore.RotatorConfig{Run: func(ctx context.Context, by secretstore.Principal, _ secretstore.Scope, name string, input json.RawMessage) error {
		runs++
		if by.ID != admin.ID || name != "fetch" || string(input) != `{"scope":"","secret":"S"}` {
			t.Errorf("%s runs %s with %s", by.ID, name, input)
		}
		if result == nil {
			_, _, err := s.AddVersion(ctx, by, secretstore.Scope{}, "S", given(strong+"-next"), "")
			return err
		}
		return result
	}})
	c.pass(24 * time.Hour)
	wait := time.Minute
	for i, x := range []struct {
		err  error
		want string
	}{
		{&secretstore.Failure{Class: secretstore.ErrInvalid, Message: "script fetch: script_threw: " + strings.Repeat("x", 1000)}, "script fetch: script_threw: xx"},
		{errors.New("something with " + strong + " in it"), "the server failed; its log has more"},
		{context.DeadlineExceeded, "it took too long (MaxRotationTime)"},
	} {
		result = x.err
		passed(t, r)
		state := get(t, s, "S").RotationState
		if runs != i+1 || state.Failures != i+1 || !strings.HasPrefix(state.Error, x.want) || len(state.Error) > secretstore.MaxRotationErrorBytes || !state.Next.Equal(c.at.Add(wait)) || state.Last != nil {
			t.Fatalf("%d runs, %+v", runs, state)
		}
		passed(t, r)
		c.pass(wait - time.Second)
		passed(t, r)
		if runs != i+1 {
			t.Fatal("it was tried again too early")
		}
		c.pass(time.Second)
		wait *= 2
	}
	if s.FailingRotations() != 1 {
		t.Error("no rotation is said to be failing")
	}
	if now := get(t, s, "S"); now.ETag != before.ETag || now.Version != 1 {
		t.Error("a failure changed the secret")
	}
	result = nil
	passed(t, r)
	now := get(t, s, "S")
	if now.Version != 2 || now.RotationState.Failures != 0 || now.RotationState.Error != "" || !now.RotationState.Next.Equal(c.at.Add(24*time.Hour)) || s.FailingRotations() != 0 {
		t.Errorf("%+v %+v", now, now.RotationState)
	}
	// It does not wait for ever, however often it fails.
	result = errors.New("broken")
	c.pass(24 * time.Hour)
	for range 12 {
		passed(t, r)
		c.pass(secretstore.MaxRotationBackoff)
	}
	if state := get(t, s, "S").RotationState; state.Failures != 12 {
		t.Errorf("%+v", state)
	}
}

// TestRotationNeedsItsScriptToSet: a script that ends well and sets nothing has not
// rotated anything.
func TestRotationNeedsItsScriptToSet(t *testing.T) {
	s, c := timed(t)
	scripted(t, s, admin)
	c.pass(24 * time.Hour)
	passed(t, s.NewRotator(secretstore.RotatorConfig{Run: func(context.Context, secretstore.Principal, secretstore.Scope, string, json.RawMessage) error {
		return nil
	}}))
	if state := get(t, s, "S").RotationState; state.Failures != 1 || !strings.Contains(state.Error, "did not set the secret") {
		t.Errorf("%+v", state)
	}
}

// TestRotationNeedsItsAuthor: a plan stands on the permissions that its author has
// when it is followed.
func TestRotationNeedsItsAuthor(t *testing.T) {
	s, c := timed(t)
	token, err := s.CreateToken(t.Context(), admin, secretstore.Scope{}, secretstore.NewToken{Role: "admin"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateToken(t.Context(), admin, secretstore.Scope{}, secretstore.NewToken{Role: "admin"}); err != nil {
		t.Fatal(err) // the last administrator's stays
	}
	author := secretstore.Principal{ID: token.Subject}
	scripted(t, s, author)
	if got := get(t, s, "S").RotationState.Author; got != author.ID {
		t.Errorf("author %q", got)
	}
	err = s.RevokeToken(t.Context(), admin, secretstore.Scope{}, token.ID, "", false)
	if f, ok := errors.AsType[*secretstore.Failure](err); !ok || len(f.UsedBy) != 1 || f.UsedBy[0].Name != "S" {
		t.Errorf("revoked although a plan stands on it: %v", err)
	}
	if err := s.RevokeToken(t.Context(), admin, secretstore.Scope{}, token.ID, "", true); err != nil {
		t.Fatal(err)
	}
	c.pass(24 * time.Hour)
	passed(t, s.NewRotator(secretstore.RotatorConfig{Run: func(context.Context, secretstore.Principal, secretstore.Scope, string, json.RawMessage) error {
		t.Error("it runs for who may no more")
		return nil
	}}))
	if now := get(t, s, "S"); now.Version != 1 || now.RotationState.Failures != 1 || !strings.Contains(now.RotationState.Error, "permission update") {
		t.Errorf("%+v", now.RotationState)
	}
}

// TestOneNodeRotates has two: the second works when the lease of the first is over,
// or given back.
func TestOneNodeRotates(t *testing.T) {
	s, c := timed(t)
	scripted(t, s, admin)
	var by []string
	node := func(name string) *secretstore.Rotator {
		return s.NewRotator(secretstore.RotatorConfig{Run: func(context.Context, secretstore.Principal, secretstore.Scope, string, json.RawMessage) error {
			by = append(by, name)
			return errors.New("so that it is due again")
		}})
	}
	a, b := node("a"), node("b")
	a.Start()
	c.pass(24 * time.Hour)
	passed(t, a)
	c.pass(time.Minute)
	passed(t, b) // a has the turn
	passed(t, a)
	c.pass(secretstore.RotationLease + time.Second)
	passed(t, b)
	c.pass(time.Hour)
	passed(t, a)
	a.Close()
	c.pass(time.Minute * 8)
	passed(t, b)
	if diff := cmp.Diff([]string{"a", "a", "b", "a", "b"}, by); diff != "" {
		t.Error(diff)
	}
}

// TestPlansThatAreRefused.
func TestPlansThatAreRefused(t *testing.T) {
	ctx, s := t.Context(), open(t, t.TempDir())
	service := secretstore.Scope{Project: "shop", Service: "cart"}
	for _, scope := range []secretstore.Scope{{Project: "shop"}, service} {
		if _, _, err := s.PutScope(ctx, admin, scope); err != nil {
			t.Fatal(err)
		}
	}
	expires := time.Now().Add(time.Hour)
	for _, scope := range []secretstore.Scope{{}, service} {
		mustCreate(t, s, scope, "S", secretstore.Spec{Value: value(strong)})
	}
	mustCreate(t, s, secretstore.Scope{}, "TREE", secretstore.Spec{Value: structured(t, `{"a":"b"}`), ExpiresAt: &expires})
	for _, x := range []struct {
		scope      secretstore.Scope
		name, plan string
		want       string
	}{
		{secretstore.Scope{}, "S", `{}`, "one of every and before_expiry"},
		{secretstore.Scope{}, "S", `{"every":"24h","before_expiry":"1h","generate":{"kind":"hex"}}`, "one of every and before_expiry"},
		{secretstore.Scope{}, "S", `{"every":"24h"}`, "one of generate and script"},
		{secretstore.Scope{}, "S", `{"every":"24h","script":"s","generate":{"kind":"hex"}}`, "one of generate and script"},
		{secretstore.Scope{}, "S", `{"every":"1m","generate":{"kind":"hex"}}`, "MinRotationPeriod"},
		{secretstore.Scope{}, "S", `{"every":"monthly","generate":{"kind":"hex"}}`, "durations"},
		{secretstore.Scope{}, "S", `{"before_expiry":"1h","generate":{"kind":"hex"}}`, "does not expire"},
		{secretstore.Scope{}, "S", `{"every":"24h","generate":{"kind":"hex"},"keep":-1}`, "rotation/keep"},
		{secretstore.Scope{}, "S", `{"every":"24h","generate":{"kind":"coin"}}`, "generate/kind"},
		{secretstore.Scope{}, "S", `{"every":"24h","generate":{"kind":"rsa","bits":17}}`, "generate/bits"},
		{secretstore.Scope{}, "S", `{"every":"24h","generate":{"kind":"rsa"}}`, "encoding pem"},
		{secretstore.Scope{}, "S", `{"every":"24h","script":"absent"}`, "no script absent"},
		{secretstore.Scope{}, "S", `{"every":"24h","when":"now"}`, "when"},
		{secretstore.Scope{}, "TREE", `{"before_expiry":"1h","generate":{"kind":"hex"}}`, "structured"},
		{service, "S", `{"every":"24h","script":"s"}`, "secrets of a service"},
	} {
		plan := secretstore.Optional[json.RawMessage]{Present: true, Value: json.RawMessage(x.plan)}
		if _, err := s.PatchSecret(ctx, admin, x.scope, x.name, secretstore.Patch{Rotation: plan}, ""); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v, want %q", x.plan, err, x.want)
		}
	}
}

// TestAttackRotationWidens: who may update a secret gives it a value of his own with
// wider limits; the value that the plan then makes must not have them.
func TestAttackRotationWidens(t *testing.T) {
	s, c := timed(t)
	root := secretstore.Scope{}
	mustCreate(t, s, root, "A", secretstore.Spec{Generate: &secretstore.Generate{Kind: "hex"}, AllowedHosts: []string{"good.example"},
		Rotation: &secretstore.RotationPlan{Every: "24h", Generate: &secretstore.Generate{Kind: "hex"}}})
	var p secretstore.Patch
	if err := json.Unmarshal([]byte(`{"value":"known-to-the-attacker-0123456789","allowed_hosts":["evil.example"],"release":true}`), &p); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PatchSecret(t.Context(), admin, root, "A", p, ""); err != nil {
		t.Fatal(err)
	}
	c.pass(25 * time.Hour)
	passed(t, s.NewRotator(secretstore.RotatorConfig{}))
	got := get(t, s, "A")
	if got.Version != 2 || got.RotationState.Failures != 1 || !strings.Contains(got.RotationState.Error, "limits") {
		t.Errorf("version %d goes to %v, release %v: %+v", got.Version, got.AllowedHosts, got.Release, got.RotationState)
	}
	// Whoever may make the plan again says that its values have them.
	again := secretstore.Optional[json.RawMessage]{Present: true, Value: json.RawMessage(`{"every":"24h"}`)}
	if _, err := s.PatchSecret(t.Context(), admin, root, "A", secretstore.Patch{Rotation: again}, ""); err != nil {
		t.Fatal(err)
	}
	c.pass(25 * time.Hour)
	passed(t, s.NewRotator(secretstore.RotatorConfig{}))
	if got := get(t, s, "A"); got.Version != 3 || got.RotationState.Failures != 0 {
		t.Errorf("version %d: %+v", got.Version, got.RotationState)
	}
}
