package kvtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/reticent/reticent/secretstore/kv"
	"pgregory.net/rapid"
)

// testModel compares a store with a map, over random transactions, and what
// Watch gives with both. Each case has a prefix of its own in one store.
func testModel(t *testing.T, b Backend) {
	s := open(t, b)
	var cases atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		m := &model{
			store:  s,
			ctx:    ctx,
			prefix: fmt.Sprintf("case%d/", cases.Add(1)),
			state:  map[string]string{},
			start:  revisionOf(t, s),
		}
		m.revision = m.start
		rt.Repeat(map[string]func(*rapid.T){
			"update": m.update,
			"list":   m.list,
		})
		m.watch(rt)
	})
}

// model is what a store should hold under a prefix.
type model struct {
	store           kv.Store
	ctx             context.Context // of the case
	prefix          string
	state           map[string]string
	start, revision int64
}

var (
	modelKeys = rapid.StringMatching(`[ab]{1,3}`)
	errModel  = errors.New("model: roll back")
)

// update runs a transaction that may be rolled back at its end.
func (m *model) update(rt *rapid.T) {
	writes := rapid.SliceOfN(rapid.Custom(drawWrite), 0, 12).Draw(rt, "writes")
	rollback := rapid.IntRange(0, 4).Draw(rt, "rollback") == 0
	var after map[string]string
	revision, err := m.store.Update(m.ctx, func(tx kv.WriteTx) error {
		after = maps.Clone(m.state)
		for _, w := range writes {
			if err := w.apply(tx, m.prefix, after); err != nil {
				return err
			}
		}
		m.compare(rt, tx, after)
		if rollback {
			return errModel
		}
		return nil
	})
	switch {
	case rollback && !errors.Is(err, errModel), !rollback && err != nil:
		rt.Fatalf("update: %v", err)
	case rollback:
		return
	case revision < m.revision, revision == m.revision && !maps.Equal(after, m.state):
		rt.Fatalf("update: revision %d after %d", revision, m.revision)
	}
	m.state, m.revision = after, revision
}

// modelWrite is a Put, or a Delete if value is nil.
type modelWrite struct {
	key   string
	value *string
}

func drawWrite(rt *rapid.T) modelWrite {
	w := modelWrite{key: modelKeys.Draw(rt, "key")}
	if rapid.IntRange(0, 2).Draw(rt, "delete") > 0 {
		value := rapid.StringN(0, 8, -1).Draw(rt, "value")
		w.value = &value
	}
	return w
}

func (w modelWrite) apply(tx kv.WriteTx, prefix string, state map[string]string) error {
	if w.value == nil {
		delete(state, w.key)
		return tx.Delete(prefix + w.key)
	}
	state[w.key] = *w.value
	return tx.Put(prefix+w.key, []byte(*w.value))
}

// list compares a random page.
func (m *model) list(rt *rapid.T) {
	err := m.store.View(m.ctx, func(tx kv.Tx) error {
		m.compare(rt, tx, m.state)
		return nil
	})
	if err != nil {
		rt.Fatalf("view: %v", err)
	}
}

// compare compares the revision, a key and a page as tx sees them with state.
func (m *model) compare(rt *rapid.T, tx kv.Tx, state map[string]string) {
	if got := tx.Revision(); got != m.revision {
		rt.Fatalf("revision %d, want that of the last commit, %d", got, m.revision)
	}
	key := modelKeys.Draw(rt, "get")
	got, err := tx.Get(m.prefix + key)
	if want, ok := state[key]; string(got) != want || ok != (err == nil) {
		rt.Fatalf("get %q: %q, %v; want %q, %v", key, got, err, want, ok)
	}
	prefix := rapid.StringMatching(`[ab]{0,2}`).Draw(rt, "prefix")
	after := rapid.StringMatching(`[ab]{0,3}`).Draw(rt, "after")
	limit := rapid.IntRange(0, 5).Draw(rt, "limit")
	entries, err := tx.List(m.prefix+prefix, m.prefix+after, limit)
	if err != nil {
		rt.Fatalf("list: %v", err)
	}
	var want []kv.Entry
	for _, key := range slices.Sorted(maps.Keys(state)) {
		if strings.HasPrefix(key, prefix) && key > after && (limit == 0 || len(want) < limit) {
			want = append(want, kv.Entry{Key: m.prefix + key, Value: []byte(state[key])})
		}
	}
	if diff := cmp.Diff(dump(want), dump(entries)); diff != "" {
		rt.Fatalf("list (-want +got):\n%s", diff)
	}
}

// watch replays all commits of the case.
func (m *model) watch(rt *rapid.T) {
	if m.revision == m.start {
		return
	}
	ctx, cancel := context.WithTimeout(m.ctx, patience/10) // rapid tries failures again
	defer cancel()
	state, last := map[string]string{}, m.start
	for batch, err := range m.store.Watch(ctx, m.start) {
		if err != nil || batch.Revision <= last || len(batch.Changes) == 0 {
			rt.Fatalf("watch: %v after revision %d, error %v", batch, last, err)
		}
		replay(state, batch)
		if last = batch.Revision; last >= m.revision {
			break
		}
	}
	want := map[string]string{}
	for key, value := range m.state {
		want[m.prefix+key] = value
	}
	if diff := cmp.Diff(want, state); diff != "" {
		rt.Fatalf("state from watching (-want +got):\n%s", diff)
	}
}
