package validator_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/reticent/reticent/policy/validator"
)

// What is wrong with the conf of a validator is said with its place.
func TestCompileRefusesConfs(t *testing.T) {
	const fields = `"fields": [{"field": "f", "comparator": "exists"}]`
	for _, c := range []struct{ name, conf, pointer, code string }{
		{"dynamic-scope", `{` + fields + `}`, "", validator.CodeShape},
		{"dynamic-scope", `{"scope": "users.*"}`, "/fields", validator.CodeShape},
		{"dynamic-scope", `{"scope": 1, ` + fields + `}`, "/scope", validator.CodeShape},
		{"consent", `{}`, "/fields", validator.CodeShape},
		{"mfa", `{"methods": []}`, "/methods", validator.CodeShape},
		{"mfa", `{"methods": [1]}`, "/methods", validator.CodeShape},
		{"mfa", `{"method": "otp"}`, "/method", validator.CodeShape},
		{"network", `{}`, "", validator.CodeShape},
		{"network", `{"cidrs": ["10.0.0.1/8"]}`, "/cidrs/0", validator.CodeShape},
		{"network", `{"cidrs": ["10.0.0.0/8", "localhost"]}`, "/cidrs/1", validator.CodeShape},
		{"network", `{"cidrs": ["fe80::1%eth0"]}`, "/cidrs/0", validator.CodeShape},
		{"network", `{"cidrs": ["::ffff:0.0.0.0/95"]}`, "/cidrs/0", validator.CodeShape},
		{"network", `{"cidrs": ["0.0.0.0/33"]}`, "/cidrs/0", validator.CodeShape},
		{"network", `{"cidrs": ["10.0.0.0/8"], "trusted_proxies": ["*"]}`, "/trusted_proxies/0", validator.CodeShape},
		{"network", `{"cidrs": ["10.0.0.0/8"], "field": "a..b"}`, "/field", validator.CodeShape},
		{"network", `{"cidrs": ["10.0.0.0/8"], "field": "secrets.IP"}`, "/field", validator.CodeOperand},
		{"time", `{}`, "", validator.CodeShape},
		{"time", `{"time_zone": "UTC"}`, "", validator.CodeShape},
		{"time", `{"time_zone": "Mars/Base", "days": ["mon"]}`, "/time_zone", validator.CodeShape},
		{"time", `{"time_zone": "Local", "days": ["mon"]}`, "/time_zone", validator.CodeShape},
		{"time", `{"time_zone": "../etc/passwd", "days": ["mon"]}`, "/time_zone", validator.CodeShape},
		{"time", `{"days": ["mon", "someday"]}`, "/days/1", validator.CodeShape},
		{"time", `{"hours": [{"from": "9:00", "to": "17:00"}]}`, "/hours/0", validator.CodeShape},
		{"time", `{"hours": [{"from": "09:00", "to": "09:00"}]}`, "/hours/0", validator.CodeShape},
		{"time", `{"hours": [{"from": "09:00", "to": "25:00"}]}`, "/hours/0", validator.CodeShape},
		{"time", `{"hours": [{"from": "24:00", "to": "09:00"}]}`, "/hours/0", validator.CodeShape},
		{"time", `{"hours": [{"from": "09:00"}]}`, "/hours/0", validator.CodeShape},
		{"time", `{"hours": "09:00-17:00"}`, "/hours", validator.CodeShape},
		{"time", `{"not_before": "tomorrow"}`, "/not_before", validator.CodeShape},
		{"time", `{"not_before": "2026-01-02", "not_after": "2026-01-02"}`, "/not_after", validator.CodeShape},
		{"authentication", `{}`, "", validator.CodeShape},
		{"authentication", `{"max_age": 900}`, "/max_age", validator.CodeShape},
		{"authentication", `{"max_age": "-1s"}`, "/max_age", validator.CodeShape},
		{"authentication", `{"max_age": "100000h"}`, "/max_age", validator.CodeShape},
		{"policy", `{}`, "/policy", validator.CodeShape},
		{"policy", `{"policy": "a b"}`, "/policy", validator.CodeShape},
		{"cel", `{}`, "", validator.CodeShape},
		{"jwt", `{}`, "", validator.CodeShape},
		{"jwt", `{"secret": "S", "jwks_uri": "https://a.example", "algorithms": ["HS256"]}`, "", validator.CodeShape},
		{"jwt", `{"secret": "S"}`, "", validator.CodeShape},
		{"jwt", `{"secret": "S", "algorithms": ["none"]}`, "/algorithms/0", validator.CodeUnknown},
		{"jwt", `{"secret": "S", "algorithms": ["HS256", "RS256"]}`, "/algorithms", validator.CodeShape},
		{"jwt", `{"secret": "a b", "algorithms": ["HS256"]}`, "/secret", validator.CodeShape},
		{"jwt", `{"jwks_uri": "https://a.example", "algorithms": ["HS256"]}`, "/algorithms/0", validator.CodeUnknown},
		{"jwt", `{"jwks_uri": "file:///etc/passwd"}`, "/jwks_uri", validator.CodeShape},
		{"jwt", `{"jwks_uri": "https://user:pass@a.example"}`, "/jwks_uri", validator.CodeShape},
		{"jwt", `{"jwks": {"keys": []}}`, "/jwks", validator.CodeShape},
		{"jwt", `{"jwks": {"keys": [{"kty": "oct", "k": "a000"}]}}`, "/jwks", validator.CodeShape},
		{"jwt", `{"jwks_uri": "https://a.example", "leeway": "1h"}`, "/leeway", validator.CodeShape},
		{"jwt", `{"jwks_uri": "https://a.example", "issuer": []}`, "/issuer", validator.CodeShape},
		{"jwt", `{"jwks_uri": "https://a.example", "fields": []}`, "/fields", validator.CodeShape},
		{"webhook", `{"scheme": "github"}`, "", validator.CodeShape},
		{"webhook", `{"scheme": "gitlab", "secret": "S"}`, "/scheme", validator.CodeUnknown},
		{"webhook", `{"secret": "S"}`, "", validator.CodeShape},
		{"webhook", `{"scheme": "github", "secret": "S", "header": "X"}`, "/header", validator.CodeShape},
		{"webhook", `{"scheme": "github", "secret": "S", "tolerance": "5m"}`, "/tolerance", validator.CodeShape},
		{"webhook", `{"secret": "S", "header": "X", "hash": "md5"}`, "/hash", validator.CodeShape},
		{"webhook", `{"secret": "S", "header": "X", "encoding": "octal"}`, "/encoding", validator.CodeShape},
		{"webhook", `{"secret": "S", "header": "X", "message": "{id}"}`, "/message", validator.CodeShape},
		{"webhook", `{"secret": "S", "header": "X", "timestamp_header": "T"}`, "/message", validator.CodeShape},
		{"webhook", `{"secret": "S", "header": "X", "message": "{timestamp}{body}"}`, "/message", validator.CodeShape},
		{"webhook", `{"scheme": "slack", "secret": "S", "tolerance": "48h"}`, "/tolerance", validator.CodeShape},
		{"webhook", `{"scheme": "slack", "secret": "S", "body_encoding": "hex"}`, "/body_encoding", validator.CodeShape},
		{"attributes", `{"fields": [{"claim": "token.sub", "comparator": "exists"}]}`, "/fields/0/claim", validator.CodeOperand},
		{"attributes", `{"fields": [{"claim": "sub", "comparator": "exists"}]}`, "/fields/0/claim", validator.CodeShape},
		{"attributes", `{"fields": [{"field": "f", "comparator": "equals", "variable": "a b"}]}`, "/fields/0/variable", validator.CodeShape},
	} {
		got := problems(t, fmt.Sprintf(`[{"name": %q, "conf": %s}]`, c.name, c.conf))
		if len(got) == 0 || got[0].Pointer != "/0/conf"+c.pointer || got[0].Code != c.code {
			t.Errorf("%s %s: %+v, want %s at %q", c.name, c.conf, got, c.code, c.pointer)
		}
	}
	many := strings.TrimSuffix(strings.Repeat(`"10.0.0.1",`, validator.MaxNetworks+1), ",")
	if got := problems(t, `[{"name": "network", "conf": {"cidrs": [`+many+`]}}]`); got[0].Code != validator.CodeLimit {
		t.Errorf("%+v", got)
	}
}

// Validators that come from Cloudentity are taken as they are printed there.
func TestCloudentityDocuments(t *testing.T) {
	for _, document := range []string{
		`[{"name": "false"}]`, `[{"name": "true", "conf": {}}]`, `[{"name": "true", "conf": null, "recovery": null}]`, `[{"name": "true", "recovery": []}]`,
		`[{"name": "identity-context", "conf": {"fields": [{"field": "amr", "comparator": "contains_all", "value": ["mfa", "pwd"]},
			{"field": "amr", "comparator": "contains_any", "value": ["face", "retina", "sc", "vbm"]}]}, "recovery": [{"type": "mfa"}]}]`,
		`[{"conf": {"fields": [{"comparator": "contains", "field": "login.verified_recovery_methods", "value": ["mfa"]}]}, "name": "identity-context", "recovery": [{"type": "mfa"}]}]`,
		`[{"name": "identity-context", "conf": {"fields": [{"field": "sub", "comparator": "equals", "value": "admin-*"}]}}]`,
	} {
		compile(t, document)
	}
}
