package secretstore_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/reticent/reticent/secretstore"
)

// Estimating how strong a text is can take 100 ms, and a secret has room for a
// thousand texts: that may cost who writes it, and nobody else.
func TestAttackTextsThatTakeLongToJudge(t *testing.T) {
	s := open(t, t.TempDir())
	const slow = `4@8({[<369&#!1/|0$5+7%24@8({[<369&#!1/|0$5+7%24@8({[<369&#!1/|0$`
	texts := make(map[string]string)
	for i := range 8 {
		texts[fmt.Sprintf("k%02d", i)] = slow[i%8:]
	}
	raw, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	mustCreate(t, s, secretstore.Scope{}, "SLOW", secretstore.Spec{Value: structured(t, string(raw))})
	wrote := time.Since(start)
	start = time.Now()
	if _, err := s.SealingSet(t.Context(), admin, secretstore.KindScript, secretstore.Scope{}, secretstore.References{Secrets: []string{"SLOW"}}); err != nil {
		t.Fatal(err)
	}
	if opened := time.Since(start); opened > wrote/10 {
		t.Errorf("written in %s, opened in %s", wrote, opened)
	}
}

// What is weak stays so when it is opened again.
func TestWeakIsRecorded(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	mustCreate(t, s, secretstore.Scope{}, "A", secretstore.Spec{Value: value("passwordpassword")})
	mustCreate(t, s, secretstore.Scope{}, "B", secretstore.Spec{Value: structured(t, `{"a/b":["passwordpassword","`+strong+`"],"n":"4711","p":"qwertyuiopasdfghjkl"}`), Plain: []string{"/p"}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	set, err := s.SealingSet(t.Context(), admin, secretstore.KindScript, secretstore.Scope{}, secretstore.References{Secrets: []string{"A", "B"}})
	if err != nil {
		t.Fatal(err)
	}
	run := set.NewRun(s.RunOptions(admin, secretstore.Scope{}))
	for text, sealed := range map[string]bool{"passwordpassword": false, strong: true, "4711": false, "qwertyuiopasdfghjkl": false} {
		if got, err := run.SealString(text); err != nil || (got != text) != sealed {
			t.Errorf("%q is sealed: %v, %v", text, got != text, err)
		}
	}
}
