package secretstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/reticent/reticent/secretstore"
)

func TestExpiryIsWarnedOf(t *testing.T) {
	s := open(t, t.TempDir())
	for name, test := range map[string]struct {
		in      time.Duration
		warning string
	}{
		"LATER":   {secretstore.ExpiryWarning + time.Hour, ""},
		"SOON":    {49*time.Hour + time.Minute, "expires in 49 hours"},
		"EXPIRED": {-time.Hour, "expired"},
	} {
		at := time.Now().Add(test.in)
		got := mustCreate(t, s, secretstore.Scope{}, name, secretstore.Spec{Value: value(strong), ExpiresAt: &at})
		if warned := strings.Join(got.Warnings, " "); (test.warning == "") != (warned == "") || !strings.HasPrefix(warned, test.warning) {
			t.Errorf("%s: %q", name, warned)
		}
	}
	mustCreate(t, s, secretstore.Scope{}, "NEVER", secretstore.Spec{Value: value(strong)})
	if soon, past := s.Expiring(); soon != 1 || past != 1 {
		t.Errorf("%d expire soon and %d have expired", soon, past)
	}
}
