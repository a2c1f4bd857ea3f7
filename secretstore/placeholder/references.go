package placeholder

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/reticent/reticent/secretstore"
)

// Names are what a document refers to, each once and in order.
type Names struct {
	// Secrets and Variables are names; Either is those of ESVs, which may be one or
	// the other.
	Secrets, Variables, Either []string
	// Managed are "manager/name".
	Managed []string
}

// References says what the strings of a JSON value, as encoding/json gives it, refer
// to. The error has the JSON pointer of what is wrong.
func References(v any) (Names, error) {
	found := map[Form]map[string]bool{}
	err := eachString(v, "", func(s string) error {
		t, err := Parse(s)
		if err != nil {
			return err
		}
		for _, p := range t {
			if p.Reference == nil {
				continue
			}
			form, name := p.Reference.Form, p.Reference.Name
			switch form {
			case WorkflowSecret:
				form = Secret
			case WorkflowEnv:
				form = Variable
			case ESV:
				name = secretstore.Name(name)
			}
			if found[form] == nil {
				found[form] = map[string]bool{}
			}
			found[form][name] = true
		}
		return nil
	})
	names := func(f Form) []string { return slices.Sorted(maps.Keys(found[f])) }
	return Names{Secrets: names(Secret), Variables: names(Variable), Either: names(ESV), Managed: names(Managed)}, err
}

// eachString calls fn for each string of a value, but not for keys.
func eachString(v any, at string, fn func(string) error) error {
	switch v := v.(type) {
	case string:
		if err := fn(v); err != nil {
			return located(at, err)
		}
	case []any:
		for i, e := range v {
			if err := eachString(e, at+"/"+strconv.Itoa(i), fn); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if err := eachString(v[k], at+"/"+pointerToken(k), fn); err != nil {
				return err
			}
		}
	}
	return nil
}

func pointerToken(k string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(k) }

func located(at string, err error) error {
	if at == "" {
		return err
	}
	return fmt.Errorf("%s: %w", at, err)
}
