package point

import (
	"encoding/json"
	"errors"
	"testing"
)

// TestSchemasSayWhere requires a pointer and a rule, and nothing of the value.
func TestSchemasSayWhere(t *testing.T) {
	for _, tc := range []struct {
		at      Point
		result  string
		pointer string
		rule    string
	}{
		{PostAuthnCtx, `[]`, "", "type"},
		{PostAuthnCtx, `{"amr": "x"}`, "/amr", "type"},
		{PostAuthnCtx, `{"authn_ctx": {}, "a/b~": 1}`, "", "additionalProperties"},
		{AllowedIDPIDs, `{}`, "", "required"},
		{AllowedIDPIDs, `{"idps_ids": ["a", null]}`, "/idps_ids/1", "type"},
		{TokenMinting, `{"access_token": "x"}`, "/access_token", "type"},
		{ClientTokenMinting, `5`, "", "type"},
	} {
		var value any
		if err := json.Unmarshal([]byte(tc.result), &value); err != nil {
			t.Fatal(err)
		}
		_, err := tc.at.Apply(nil, value)
		var invalid *InvalidError
		if !errors.As(err, &invalid) || invalid.Pointer != tc.pointer || invalid.Rule != tc.rule {
			t.Errorf("%s: %s: %v", tc.at, tc.result, err)
		}
	}
}

// TestApplyLeavesTheContext requires that the context is not written to.
func TestApplyLeavesTheContext(t *testing.T) {
	context := map[string]json.RawMessage{"access_token": json.RawMessage(`{"sub":"ada"}`)}
	out, err := TokenMinting.Apply(context, map[string]any{"access_token": map[string]any{"sub": "eve"}})
	if text, _ := json.Marshal(out.Output); err != nil || string(text) != `{"access_token":{"sub":"eve"},"id_token":{}}` {
		t.Errorf("%s %v", text, err)
	}
	if string(context["access_token"]) != `{"sub":"ada"}` {
		t.Errorf("%s", context["access_token"])
	}
}
