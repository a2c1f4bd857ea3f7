package seal_test

import (
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/seal"
)

// TestErrorsQuoteNoEntry: somebody may have pasted a secret where a host or a
// position belongs.
func TestErrorsQuoteNoEntry(t *testing.T) {
	const pasted = "pasted-secret-value"
	for _, s := range []string{pasted + " x", pasted + ":0", "[" + pasted, "[" + pasted + "]", "http://" + pasted + "/", "*." + pasted, pasted + ".0x7f"} {
		if _, err := seal.ParseHostRule(s); err == nil || strings.Contains(err.Error(), pasted) {
			t.Errorf("%s: %v", s, err)
		}
	}
	if _, err := seal.ParsePosition(pasted); err == nil || strings.Contains(err.Error(), pasted) {
		t.Errorf("ParsePosition: %v", err)
	}
}
