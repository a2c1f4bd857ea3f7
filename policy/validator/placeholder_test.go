package validator_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/policy/validator"
)

// TestPlaceholdersInValues: a value that is a placeholder is the secret that it
// names, and other text is compared to the letter.
func TestPlaceholdersInValues(t *testing.T) {
	for _, x := range []struct {
		value, comparator, input string
		want                     bool
	}{
		{`"${secrets.API_KEY}"`, "equals", apiKey, true},
		{`"${secrets.API_KEY}"`, "equals", "${secrets.API_KEY}", false},
		{`"${secrets.API_KEY}"`, "not_equals", apiKey, false},
		{`"${workflow.secrets.DB.password}"`, "equals", apiKey, true},
		{`"$${secrets.API_KEY}"`, "equals", "${secrets.API_KEY}", true},
		{`"${other}"`, "equals", "${other}", true},
		{`"a$b"`, "equals", "a$b", true},
	} {
		document := attributes(fmt.Sprintf(`{"field": "key", "comparator": %q, "value": %s}`, x.comparator, x.value))
		if got := evaluate(t, document, fmt.Sprintf(`{"key": %q}`, x.input)); got.Decision != x.want {
			t.Errorf("%s %s %s: %v", x.input, x.comparator, x.value, got.Decision)
		}
	}
	if got := compile(t, attributes(`{"field": "key", "comparator": "equals", "value": "${secrets.API_KEY}"}`)).Secrets(); !cmp.Equal(got, []string{"API_KEY"}) {
		t.Errorf("secrets %v", got)
	}
	for _, value := range []string{`"Bearer ${secrets.API_KEY}"`, `"&{esv.key}"`, `"${secret:azure/key}"`, `"${secrets.API_KEY"`, `"&{esv.key"`} {
		_, err := validator.Compile([]byte(attributes(`{"field": "key", "comparator": "equals", "value": ` + value + `}`)))
		refused, ok := errors.AsType[*validator.CompileError](err)
		if !ok || len(refused.Problems) != 1 || refused.Problems[0].Code != validator.CodeOperand {
			t.Errorf("%s: %v", value, err)
		}
	}
}
