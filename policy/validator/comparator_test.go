package validator_test

import "testing"

// Each case compares the field f of the input.
func TestComparators(t *testing.T) {
	const missing = `{}`
	f := func(value string) string { return `{"f": ` + value + `}` }
	for _, c := range []struct {
		comparison string
		allow      []string
		deny       []string
	}{
		{`"comparator": "equals", "value": "a"`,
			[]string{f(`"a"`)},
			[]string{f(`"b"`), f(`"A"`), f(`"aa"`), f(`["a"]`), f(`1`), f(`null`), missing}},
		{`"comparator": "not_equals", "value": "a"`,
			[]string{f(`"b"`), f(`""`)},
			[]string{f(`"a"`), f(`["a"]`), f(`1`), f(`{}`), f(`null`), missing}},
		{`"comparator": "equals", "value": 1`,
			[]string{f(`1`), f(`1.0`), f(`1e0`)},
			[]string{f(`2`), f(`"1"`), f(`true`), missing}},
		{`"comparator": "not_equals", "value": 1`,
			[]string{f(`2`), f(`1.0000000000000000001`)},
			[]string{f(`1`), f(`1.0`), f(`"1"`), f(`"2"`), missing}},
		{`"comparator": "equals", "value": 9007199254740993`,
			[]string{f(`9007199254740993`)},
			[]string{f(`9007199254740992`), f(`9007199254740994`)}},
		{`"comparator": "equals", "value": true`,
			[]string{f(`true`)},
			[]string{f(`false`), f(`1`), f(`"true"`), missing}},
		{`"comparator": "equals", "value": ["a", 1]`,
			[]string{f(`["a", 1]`)},
			[]string{f(`[1, "a"]`), f(`["a"]`), f(`["a", 1, 2]`), f(`"a"`), missing}},
		{`"comparator": "not_equals", "value": ["a", 1]`,
			[]string{f(`["a", 2]`), f(`[]`)},
			[]string{f(`["a", 1]`), f(`["a", "1"]`), f(`"a"`), missing}},
		{`"comparator": "equals", "value": {"a": {"b": [1]}}`,
			[]string{f(`{"a": {"b": [1]}}`)},
			[]string{f(`{"a": {"b": [2]}}`), f(`{"a": {}}`), f(`{"a": {"b": [1]}, "c": 1}`), missing}},

		{`"comparator": "equals", "value": "admin-*"`,
			[]string{f(`"admin-123"`), f(`"admin-"`)},
			[]string{f(`"admin"`), f(`"xadmin-1"`), f(`1`), missing}},
		{`"comparator": "not_equals", "value": "admin-*"`,
			[]string{f(`"user-1"`)},
			[]string{f(`"admin-123"`), f(`["admin-1"]`), missing}},
		{`"comparator": "equals", "value": "*-a*b-*"`,
			[]string{f(`"x-ab-"`), f(`"-a--b-y"`)},
			[]string{f(`"-ab"`), f(`"ab"`), f(`"-b-a-"`)}},
		{`"comparator": "equals", "value": "a*a"`,
			[]string{f(`"aa"`), f(`"aba"`)},
			[]string{f(`"a"`)}},
		{`"comparator": "equals", "value": "admin-\\*"`,
			[]string{f(`"admin-*"`)},
			[]string{f(`"admin-1"`), f(`"admin-\\*"`)}},
		{`"comparator": "equals", "value": "*\\**"`,
			[]string{f(`"*"`), f(`"a*b"`)},
			[]string{f(`"ab"`)}},

		{`"comparator": "in", "value": ["a", "b-*"]`,
			[]string{f(`"a"`), f(`"b-1"`)},
			[]string{f(`"c"`), f(`["a"]`), f(`1`), missing}},
		{`"comparator": "not_in", "value": ["a", "b-*"]`,
			[]string{f(`"c"`)},
			[]string{f(`"a"`), f(`"b-1"`), f(`["c"]`), f(`1`), f(`null`), missing}},
		{`"comparator": "in", "value": [1, 2]`,
			[]string{f(`2`)}, []string{f(`3`), f(`"2"`)}},
		{`"comparator": "in", "value": [["a"], ["b"]]`,
			[]string{f(`["b"]`)}, []string{f(`["c"]`), f(`"b"`)}},

		{`"comparator": "contains", "value": "mfa"`,
			[]string{f(`["pwd", "mfa"]`), f(`"pwd mfa"`)},
			[]string{f(`["mfa2"]`), f(`"pwd"`), f(`[]`), f(`{"mfa": 1}`), missing}},
		{`"comparator": "not_contains", "value": "mfa"`,
			[]string{f(`["pwd"]`), f(`[]`), f(`"pwd"`)},
			[]string{f(`["mfa"]`), f(`"xmfax"`), f(`[1]`), f(`{}`), missing}},
		{`"comparator": "contains", "value": ["mfa"]`,
			[]string{f(`["mfa", "pwd"]`)},
			[]string{f(`["pwd"]`), missing}},
		{`"comparator": "contains", "value": "m*a"`,
			[]string{f(`["xx", "m-a"]`), f(`"xx m-a xx"`)},
			[]string{f(`["xmay"]`), f(`"am"`)}},
		{`"comparator": "contains_all", "value": ["mfa", "pwd"]`,
			[]string{f(`["pwd", "mfa", "x"]`)},
			[]string{f(`["pwd"]`), f(`[]`), f(`"mfa pwd"`), missing}},
		{`"comparator": "not_contains_all", "value": ["mfa", "pwd"]`,
			[]string{f(`["pwd"]`), f(`[]`), f(`"pwd"`)},
			[]string{f(`["pwd", "mfa"]`), missing}},
		{`"comparator": "contains_all", "value": "mfa"`,
			[]string{f(`["mfa"]`), f(`"mfa"`)},
			[]string{f(`["pwd"]`), f(`"mfa2"`)}},
		{`"comparator": "contains_any", "value": ["face", "retina-*"]`,
			[]string{f(`["pwd", "face"]`), f(`["retina-2"]`), f(`"face"`)},
			[]string{f(`["pwd"]`), f(`[]`), f(`"faces"`), missing}},
		{`"comparator": "not_contains_any", "value": ["face", "retina-*"]`,
			[]string{f(`["pwd"]`), f(`[]`)},
			[]string{f(`["pwd", "face"]`), f(`["retina-2"]`), f(`[1]`), missing}},

		{`"comparator": "exists"`,
			[]string{f(`"a"`), f(`0`), f(`false`), f(`[]`), f(`""`)},
			[]string{f(`null`), missing}},
		{`"comparator": "not_exists"`,
			[]string{f(`null`), missing},
			[]string{f(`"a"`), f(`false`)}},

		{`"comparator": "starts_with", "value": "ab"`,
			[]string{f(`"abc"`), f(`"ab"`)}, []string{f(`"xab"`), f(`["ab"]`), missing}},
		{`"comparator": "not_starts_with", "value": "ab"`,
			[]string{f(`"xab"`)}, []string{f(`"abc"`), f(`1`), f(`["x"]`), missing}},
		{`"comparator": "ends_with", "value": "\\*b"`,
			[]string{f(`"a*b"`)}, []string{f(`"ab"`), missing}},
		{`"comparator": "not_ends_with", "value": "b"`,
			[]string{f(`"ba"`)}, []string{f(`"ab"`), f(`1`), missing}},
		{`"comparator": "matches", "value": "^a+$"`,
			[]string{f(`"aaa"`)}, []string{f(`"ab"`), f(`1`), missing}},
		{`"comparator": "not_matches", "value": "b"`,
			[]string{f(`"aaa"`)}, []string{f(`"abc"`), f(`1`), missing}},

		{`"comparator": "less", "value": 10`,
			[]string{f(`9`), f(`-1`)}, []string{f(`10`), f(`11`), f(`"9"`), missing}},
		{`"comparator": "less_or_equal", "value": 10`,
			[]string{f(`10`), f(`9`)}, []string{f(`10.0000000000000001`), f(`"9"`), missing}},
		{`"comparator": "greater", "value": 10`,
			[]string{f(`11`), f(`1e2`)}, []string{f(`10`), f(`"9"`), f(`true`), missing}},
		{`"comparator": "greater_or_equal", "value": 10`,
			[]string{f(`10`), f(`11`)}, []string{f(`9`), missing}},

		// The other side may come with the request too; then nothing in it is a
		// wildcard, and nothing missing is a match.
		{`"comparator": "equals", "target": {"field": "g"}`,
			[]string{`{"f": "a", "g": "a"}`, `{"f": [1], "g": [1]}`, `{"f": "*", "g": "*"}`},
			[]string{`{"f": "a", "g": "*"}`, `{"f": "*", "g": "a"}`, `{"f": "a"}`, `{"g": "a"}`, missing, `{"f": null, "g": null}`}},
		{`"comparator": "not_equals", "target": {"field": "g"}`,
			[]string{`{"f": "a", "g": "b"}`, `{"f": "a", "g": "*"}`},
			[]string{`{"f": "a", "g": "a"}`, `{"f": "a"}`, missing, `{"f": 1, "g": "1"}`}},
		{`"comparator": "in", "target": {"field": "g"}`,
			[]string{`{"f": "a", "g": ["b", "a"]}`},
			[]string{`{"f": "a", "g": ["*"]}`, `{"f": "a", "g": []}`, `{"f": "a", "g": "a"}`, `{"f": "a"}`}},
		{`"comparator": "not_in", "target": {"field": "g"}`,
			[]string{`{"f": "a", "g": ["b"]}`, `{"f": "a", "g": []}`},
			[]string{`{"f": "a", "g": ["a"]}`, `{"f": "a", "g": "b"}`, `{"f": "a", "g": [1]}`, `{"f": "a"}`}},
		{`"comparator": "contains_all", "target": {"field": "g"}`,
			[]string{`{"f": ["a", "b"], "g": ["b"]}`},
			[]string{`{"f": ["a"], "g": ["b"]}`, `{"f": ["a"], "g": []}`}},
		{`"comparator": "not_contains_all", "target": {"field": "g"}`,
			[]string{`{"f": ["a"], "g": ["b"]}`},
			[]string{`{"f": ["a", "b"], "g": ["b"]}`, `{"f": ["a"], "g": []}`}},
		{`"comparator": "not_contains", "target": {"field": "g"}`,
			[]string{`{"f": ["a"], "g": "b"}`},
			[]string{`{"f": ["a"], "g": ["b"]}`, `{"f": ["a"], "g": "a"}`}},
		{`"comparator": "starts_with", "target": {"field": "g"}`,
			[]string{`{"f": "ab", "g": "a"}`}, []string{`{"f": "ab", "g": "b"}`, `{"f": "ab"}`}},
		{`"comparator": "less", "target": {"field": "g"}`,
			[]string{`{"f": 1, "g": 2}`}, []string{`{"f": 2, "g": 1}`, `{"f": 1}`}},
	} {
		document := attributes(`{"field": "f", ` + c.comparison + `}`)
		for _, input := range c.allow {
			if r := evaluate(t, document, input); !r.Decision || r.Err != nil || len(r.Failures) > 0 {
				t.Errorf("%s denies %s: %+v", c.comparison, input, r)
			}
		}
		for _, input := range c.deny {
			if r := evaluate(t, document, input); r.Decision || r.Err != nil || len(r.Failures) == 0 {
				t.Errorf("%s with %s: %+v", c.comparison, input, r)
			}
		}
	}
}

// Secrets on either side: what a request brings is named key.
func TestSecretOperands(t *testing.T) {
	const missing = `{}`
	key := func(value string) string { return `{"key": ` + value + `}` }
	for _, c := range []struct {
		comparison string
		allow      []string
		deny       []string
	}{
		{`{"field": "key", "comparator": "equals", "secret": "API_KEY"}`,
			[]string{key(`"` + apiKey + `"`)},
			[]string{key(`"` + otherKey + `"`), key(`"*"`), key(`""`), key(`["` + apiKey + `"]`), key(`null`), missing}},
		{`{"source": {"secret": "API_KEY"}, "comparator": "equals", "target": {"field": "key"}}`,
			[]string{key(`"` + apiKey + `"`)},
			[]string{key(`"` + otherKey + `"`), key(`"*"`), key(`"kM4*"`), missing}},
		{`{"field": "key", "comparator": "not_equals", "secret": "API_KEY"}`,
			[]string{key(`"` + otherKey + `"`), key(`"*"`)},
			[]string{key(`"` + apiKey + `"`), key(`["` + apiKey + `"]`), key(`1`), missing}},
		{`{"source": {"secret": "API_KEY"}, "comparator": "not_equals", "target": {"field": "key"}}`,
			[]string{key(`"x"`)},
			[]string{key(`"` + apiKey + `"`), missing}},
		// A star in a secret is a star.
		{`{"field": "key", "comparator": "equals", "secret": "STAR"}`,
			[]string{key(`"` + starKey + `"`)},
			[]string{key(`"Tg6xJd3Fk9Ws2Mx8Vb5x"`), key(`"*"`)}},
		{`{"field": "key", "comparator": "not_equals", "secret": "STAR"}`,
			[]string{key(`"Tg6xJd3Fk9Ws2Mx8Vb5x"`)}, []string{key(`"` + starKey + `"`)}},
		// Weak secrets are compared too, and numbers are not strings.
		{`{"field": "key", "comparator": "equals", "secret": "PIN"}`,
			[]string{key(`"4711"`)}, []string{key(`"4712"`), key(`4711`), missing}},
		{`{"field": "key", "comparator": "not_equals", "secret": "PIN"}`,
			[]string{key(`"4712"`)}, []string{key(`"4711"`), key(`4711`), missing}},
		{`{"field": "key", "comparator": "in", "secret": "KEYS"}`,
			[]string{key(`"` + apiKey + `"`), key(`"` + otherKey + `"`)},
			[]string{key(`"x"`), key(`["` + apiKey + `"]`), missing}},
		{`{"field": "key", "comparator": "not_in", "secret": "KEYS"}`,
			[]string{key(`"x"`)},
			[]string{key(`"` + apiKey + `"`), key(`["x"]`), key(`1`), missing}},
		{`{"source": {"secret": "API_KEY"}, "comparator": "in", "target": {"field": "key"}}`,
			[]string{key(`["x", "` + apiKey + `"]`)},
			[]string{key(`["x"]`), key(`["*"]`), key(`[]`), key(`"` + apiKey + `"`), missing}},
		{`{"source": {"secret": "API_KEY"}, "comparator": "not_in", "target": {"field": "key"}}`,
			[]string{key(`["x"]`), key(`[]`)},
			[]string{key(`["` + apiKey + `"]`), key(`"x"`), key(`[1]`), missing}},
		{`{"field": "key", "comparator": "contains", "secret": "API_KEY"}`,
			[]string{key(`["x", "` + apiKey + `"]`)},
			[]string{key(`["x"]`), key(`"x` + apiKey + `x"`), key(`"` + apiKey + `"`), missing}},
		{`{"field": "key", "comparator": "not_contains", "secret": "API_KEY"}`,
			[]string{key(`["x"]`)},
			[]string{key(`["` + apiKey + `"]`), key(`"x"`), missing}},
		{`{"source": {"secret": "KEYS"}, "comparator": "contains", "target": {"field": "key"}}`,
			[]string{key(`"` + apiKey + `"`)}, []string{key(`"x"`), key(`"*"`), missing}},
		{`{"source": {"secret": "API_KEY"}, "comparator": "contains", "target": {"field": "key"}}`,
			nil, []string{key(`"k"`), key(`"` + apiKey + `"`), key(`""`)}},
		{`{"field": "key", "comparator": "contains_all", "secret": "KEYS"}`,
			[]string{key(`["` + apiKey + `", "` + otherKey + `"]`)},
			[]string{key(`["` + apiKey + `"]`), key(`[]`), missing}},
		{`{"field": "key", "comparator": "contains_any", "secret": "KEYS"}`,
			[]string{key(`["` + apiKey + `", "x"]`), key(`"` + apiKey + `"`)},
			[]string{key(`["x"]`), key(`"` + apiKey + `x"`), missing}},
		{`{"field": "key", "comparator": "not_contains_any", "secret": "KEYS"}`,
			[]string{key(`["x"]`)},
			[]string{key(`["` + apiKey + `"]`), missing}},
		{`{"source": {"secret": "KEYS"}, "comparator": "contains_all", "target": {"field": "key"}}`,
			[]string{key(`["` + apiKey + `"]`)}, []string{key(`["` + apiKey + `", "x"]`), key(`[]`)}},

		// Structured secrets: a part, the whole, and what is no secret in them.
		{`{"field": "key", "comparator": "equals", "secret": "DB.password"}`,
			[]string{key(`"` + apiKey + `"`)}, []string{key(`"svc"`), missing}},
		{`{"field": "key", "comparator": "equals", "secret": "DB.port"}`,
			[]string{key(`5432`)}, []string{key(`"5432"`), key(`5433`), missing}},
		{`{"field": "key", "comparator": "equals", "secret": "KEYS.1"}`,
			[]string{key(`"` + apiKey + `"`)}, []string{key(`"` + otherKey + `"`)}},
		{`{"field": "key", "comparator": "equals", "secret": "KEYS"}`,
			[]string{key(`["` + otherKey + `", "` + apiKey + `"]`)}, []string{key(`["` + apiKey + `", "` + otherKey + `"]`), key(`[]`)}},
		{`{"field": "key", "comparator": "equals", "secret": "DB"}`,
			[]string{key(`{"user": "svc", "password": "` + apiKey + `", "port": 5432, "tls": true, "options": null, "empty": []}`)},
			[]string{key(`{"user": "svc", "password": "x", "port": 5432, "tls": true, "options": null, "empty": []}`), key(`{}`)}},
		{`{"field": "key", "comparator": "not_in", "secret": "DB.empty"}`,
			[]string{key(`"x"`)}, []string{missing}},
		{`{"field": "key", "comparator": "contains_all", "secret": "DB.empty"}`,
			nil, []string{key(`["x"]`), key(`[]`)}},

		// Secrets against literals and secrets.
		{`{"source": {"secret": "API_KEY"}, "comparator": "equals", "value": "` + apiKey + `"}`, []string{missing}, nil},
		{`{"source": {"secret": "API_KEY"}, "comparator": "equals", "value": "x"}`, nil, []string{missing}},
		{`{"source": {"secret": "STAR"}, "comparator": "equals", "value": "Tg6\\*Jd3Fk9Ws2Mx8Vb5\\*"}`, []string{missing}, nil},
		{`{"source": {"secret": "API_KEY"}, "comparator": "in", "value": ["x", "` + apiKey + `"]}`, []string{missing}, nil},
		{`{"source": {"secret": "API_KEY"}, "comparator": "equals", "secret": "DB.password"}`, []string{missing}, nil},
		{`{"source": {"secret": "API_KEY"}, "comparator": "not_equals", "secret": "PIN"}`, []string{missing}, nil},
		{`{"source": {"secret": "API_KEY"}, "comparator": "in", "secret": "KEYS"}`, []string{missing}, nil},
	} {
		document := attributes(c.comparison)
		for _, input := range c.allow {
			if r := evaluate(t, document, input); !r.Decision || r.Err != nil {
				t.Errorf("%s denies %s: %+v", c.comparison, input, r)
			}
		}
		for _, input := range c.deny {
			if r := evaluate(t, document, input); r.Decision || r.Err != nil {
				t.Errorf("%s with %s: %+v", c.comparison, input, r)
			}
		}
	}
}
