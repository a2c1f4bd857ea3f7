package record_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore/record"
	"github.com/reticent/reticent/secretstore/seal"
)

func TestRedact(t *testing.T) {
	const m = seal.Mask
	in := map[string]any{
		"Authorization": "Bearer x", "proxy_authorization": "x", "COOKIE": []any{"a", "b"}, "set-cookie": map[string]any{"a": 1.0}, "X-Api-Key": "k",
		"password": "p", "user.passwd": "p", "clientSecret": "s", "access_token": "t", "APIKEY": 5.0, "private_key": "x", "sessionId": "s", "otp": "1",
		"name": "ann", "key": "KeyOfNothing", "code_of_conduct": "x", "authority": "x", "compass": "north",
		"nested": []any{map[string]any{"Token": "x", "a": "DPoP eyJ"}, "basic dTpw", "basically", "Bearer"},
		"raw":    []any{[]any{"Authorization", "x", "y"}, []any{"authorization", "x"}, []any{"accept", "x"}},
		"fields": []any{map[string]any{"name": "password", "value": "x", "Values": []any{"y"}, "id": "i"}, map[string]any{"k": "host", "v": "h"}, map[string]any{"header": "Cookie", "v": "c"}},
	}
	want := map[string]any{
		"Authorization": m, "proxy_authorization": m, "COOKIE": m, "set-cookie": m, "X-Api-Key": m,
		"password": m, "user.passwd": m, "clientSecret": m, "access_token": m, "APIKEY": m, "private_key": m, "sessionId": m, "otp": m,
		"name": "ann", "key": "KeyOfNothing", "code_of_conduct": "x", "authority": "x", "compass": "north",
		"nested": []any{map[string]any{"Token": m, "a": m}, m, "basically", "Bearer"},
		"raw":    []any{[]any{"Authorization", "x", "y"}, []any{"authorization", m}, []any{"accept", "x"}},
		"fields": []any{map[string]any{"name": "password", "value": m, "Values": m, "id": "i"}, map[string]any{"k": "host", "v": "h"}, map[string]any{"header": "Cookie", "v": m}},
	}
	if diff := cmp.Diff(want, record.Redact(in)); diff != "" {
		t.Error(diff)
	}
	if in["Authorization"] != "Bearer x" {
		t.Error("the input itself was changed")
	}
}
