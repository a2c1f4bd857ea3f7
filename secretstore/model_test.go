package secretstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reticent/reticent/secretstore"
)

// operation is one that changes a secret.
type operation struct {
	Kind  string
	Value int // of those that write one
	N     int // the version, of those that are about one
}

func (op operation) String() string {
	return fmt.Sprintf("%s(value %d, version %d)", op.Kind, op.Value, op.N)
}

var operationKinds = []string{"create", "put", "add", "patch", "describe", "enable", "disable", "destroy", "destroy", "delete"}

// modelVersion is a version as the model knows it.
type modelVersion struct {
	N      int
	Status secretstore.Status
	Value  int
}

// model is what a secret should be: the rules of ForgeRock's ESVs, written down
// once more and in the simplest way.
type model struct {
	versions []modelVersion
	next     int // the number of the version that comes
}

func (m *model) newest() *modelVersion {
	for i := len(m.versions) - 1; i >= 0; i-- {
		if m.versions[i].Status != secretstore.Destroyed {
			return &m.versions[i]
		}
	}
	return nil
}

// apply changes the model, or gives the class of the error that there should be.
func (m *model) apply(op operation) error {
	exists := len(m.versions) > 0
	switch op.Kind {
	case "create":
		if exists {
			return secretstore.ErrExists
		}
	case "put":
	default:
		if !exists {
			return secretstore.ErrNotFound
		}
	}
	i := slices.IndexFunc(m.versions, func(v modelVersion) bool { return v.N == op.N })
	switch op.Kind {
	case "create", "put", "add", "patch":
		if exists && m.newest().Value == op.Value {
			return nil
		}
		m.next++
		m.versions = append(m.versions, modelVersion{m.next, secretstore.Enabled, op.Value})
		return nil
	case "describe":
		return nil
	case "delete":
		*m = model{}
		return nil
	}
	if i < 0 {
		return secretstore.ErrNotFound
	}
	v := &m.versions[i]
	switch op.Kind {
	case "enable":
		if v.Status == secretstore.Destroyed {
			return secretstore.ErrInvalid
		}
		v.Status = secretstore.Enabled
	case "disable":
		if v.Status == secretstore.Destroyed || v == m.newest() {
			return secretstore.ErrInvalid
		}
		v.Status = secretstore.Disabled
	case "destroy":
		if v == m.newest() {
			before := (&model{versions: m.versions[:i]}).newest()
			if before == nil || before.Status != secretstore.Enabled {
				return secretstore.ErrInvalid
			}
		}
		v.Status = secretstore.Destroyed
	}
	return nil
}

func (m *model) clone() *model { return &model{slices.Clone(m.versions), m.next} }

// do performs an operation on a store.
func do(ctx context.Context, s *secretstore.Store, name string, op operation) error {
	scope, text := secretstore.Scope{}, given(modelValue(op.Value))
	var err error
	switch op.Kind {
	case "create":
		_, err = s.CreateSecret(ctx, admin, scope, name, secretstore.Spec{Value: text.Value})
	case "put":
		_, _, err = s.PutSecret(ctx, admin, scope, name, secretstore.Spec{Value: text.Value}, "")
	case "add":
		_, _, err = s.AddVersion(ctx, admin, scope, name, text, "")
	case "patch":
		_, err = s.PatchSecret(ctx, admin, scope, name, secretstore.Patch{Value: text.Value}, "")
	case "describe":
		_, err = s.PatchSecret(ctx, admin, scope, name, secretstore.Patch{Description: secretstore.Optional[string]{Present: true, Value: "d"}}, "")
	case "enable":
		_, err = s.SetVersionStatus(ctx, admin, scope, name, op.N, secretstore.Enabled, "")
	case "disable":
		_, err = s.SetVersionStatus(ctx, admin, scope, name, op.N, secretstore.Disabled, "")
	case "destroy":
		err = s.DestroyVersion(ctx, admin, scope, name, op.N, "")
	case "delete":
		err = s.DeleteSecret(ctx, admin, scope, name, "", true)
	}
	return err
}

func modelValue(n int) string { return fmt.Sprintf("%s-value-%d", strong, n) }

// differs says how a secret in a store differs from the model, "" if it does not.
func (m *model) differs(s *secretstore.Store, name string) string {
	stored, err := s.Versions(admin, secretstore.Scope{}, name)
	if len(m.versions) == 0 {
		if !errors.Is(err, secretstore.ErrNotFound) {
			return fmt.Sprintf("the secret is there: %+v, %v", stored, err)
		}
		return ""
	}
	if err != nil {
		return err.Error()
	}
	type row struct {
		N      int
		Status secretstore.Status
	}
	var want, got []row
	for i := range m.versions {
		want = append(want, row{m.versions[i].N, m.versions[i].Status})
		v := stored[len(stored)-1-min(i, len(stored)-1)]
		got = append(got, row{v.Version, v.Status})
	}
	if diff := cmp.Diff(want, got); diff != "" || len(stored) != len(m.versions) {
		return fmt.Sprintf("%d versions\n%s", len(stored), diff)
	}
	enabled := func(r row) bool { return r.Status == secretstore.Enabled }
	if !slices.ContainsFunc(got, enabled) {
		return "no version is enabled"
	}
	// The newest one is what scripts and policies use.
	set, err := s.SealingSet(context.Background(), admin, secretstore.KindScript, secretstore.Scope{}, secretstore.References{Secrets: []string{name}})
	if err != nil {
		return err.Error()
	}
	run := set.NewRun(s.RunOptions(admin, secretstore.Scope{}))
	token, err := run.Lookup(name)
	if err != nil {
		return err.Error()
	}
	if equal, err := run.Equal(token.(string), modelValue(m.newest().Value)); err != nil || !equal {
		return fmt.Sprintf("its value is another than value %d: %v", m.newest().Value, err)
	}
	return ""
}

// TestVersionsFollowTheModel performs random operations on a store and on the
// model: both refuse the same, and are the same after each.
func TestVersionsFollowTheModel(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	cases := 0
	rapid.Check(t, func(rt *rapid.T) {
		if cases++; cases%20 == 0 {
			if err := s.Close(); err != nil {
				rt.Fatal(err)
			}
			s = open(t, dir)
		}
		name, m := fmt.Sprintf("S%d", cases), &model{}
		for range rapid.IntRange(1, 25).Draw(rt, "operations") {
			op := operation{
				rapid.SampledFrom(operationKinds).Draw(rt, "kind"), rapid.IntRange(1, 3).Draw(rt, "value"),
				rapid.IntRange(max(0, m.next-3), m.next+1).Draw(rt, "version"),
			}
			got, want := do(t.Context(), s, name, op), m.apply(op)
			if !errors.Is(got, want) {
				rt.Fatalf("%s: %v, want %v", op, got, want)
			}
			if diff := m.differs(s, name); diff != "" {
				rt.Fatalf("after %s: %s", op, diff)
			}
		}
	})
}

// operationAt gives the operation number i of an endless sequence.
func operationAt(i int, m *model) operation {
	r := rand.New(rand.NewPCG(uint64(i), 7))
	return operation{operationKinds[r.IntN(len(operationKinds)-1)], 1 + r.IntN(3), max(1, m.next-r.IntN(4))}
}
