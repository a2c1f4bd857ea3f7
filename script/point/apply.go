package point

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// Applied is what becomes of a context.
type Applied struct {
	// Output is what the authorization server goes on with: the members of the
	// context that the point's result can change, changed.
	Output any
	// Ignored are JSON pointers into the result, to what changes nothing:
	// attributes that the context does not have, providers that are none of its.
	Ignored []string
}

// Apply checks the result of a script, as encoding/json decodes it, against the
// point's schema and applies it to a context that CheckContext let through. A
// result of nil changes nothing where the point allows it. The error is an
// [*InvalidError], of the result.
func (p Point) Apply(context map[string]json.RawMessage, result any) (Applied, error) {
	if err := p.check("result", result); err != nil {
		return Applied{}, err
	}
	returned, _ := result.(map[string]any)
	switch p {
	case PostAuthnCtx:
		return authenticated(context, returned)
	case AllowedIDPIDs:
		return allowed(context, returned)
	case TokenMinting, ClientTokenMinting:
		return minted(context, returned)
	}
	return Applied{Output: result}, nil
}

// Unchanged is what becomes of a context where no script is bound.
func (p Point) Unchanged(context map[string]json.RawMessage) (Applied, error) {
	if p == AllowedIDPIDs {
		ids, err := providers(context)
		return Applied{Output: map[string]any{"idps_ids": ids}}, err
	}
	return p.Apply(context, nil)
}

func decoded[T any](context map[string]json.RawMessage, name string) (value T, err error) {
	if raw, there := context[name]; there {
		err = json.Unmarshal(raw, &value)
	}
	return value, err
}

// members gives the members of an object of the context, to the letter.
func members(context map[string]json.RawMessage, name string) (map[string]any, error) {
	object, err := decoded[map[string]json.RawMessage](context, name)
	out := make(map[string]any, len(object))
	for k, v := range object {
		out[k] = v
	}
	return out, err
}

// authenticated replaces attributes and makes none.
func authenticated(context map[string]json.RawMessage, returned map[string]any) (Applied, error) {
	attributes, err := members(context, "authn_ctx")
	if err != nil {
		return Applied{}, err
	}
	out := Applied{}
	changed, _ := returned["authn_ctx"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		if _, there := attributes[name]; !there {
			out.Ignored = append(out.Ignored, "/authn_ctx/"+escape(name))
			continue
		}
		attributes[name] = changed[name]
	}
	merged := map[string]any{"authn_ctx": attributes}
	for _, name := range []string{"amr", "acr", "idp_sub"} {
		if value, there := returned[name]; there {
			merged[name] = value
		} else if raw, there := context[name]; there {
			merged[name] = raw
		}
	}
	out.Output = merged
	return out, nil
}

func providers(context map[string]json.RawMessage) ([]string, error) {
	list, err := decoded[[]struct {
		ID string `json:"id"`
	}](context, "idps")
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	return ids, err
}

// allowed filters the providers, in the order of the context.
func allowed(context map[string]json.RawMessage, returned map[string]any) (Applied, error) {
	ids, err := providers(context)
	if err != nil {
		return Applied{}, err
	}
	out := Applied{}
	wanted, _ := returned["idps_ids"].([]any)
	for i, id := range wanted {
		if !slices.Contains(ids, id.(string)) { // the schema has made it a string
			out.Ignored = append(out.Ignored, "/idps_ids/"+strconv.Itoa(i))
		}
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return !slices.Contains(wanted, any(id)) })
	out.Output = map[string]any{"idps_ids": ids}
	return out, nil
}

// minted replaces claims and makes new ones.
func minted(context map[string]json.RawMessage, returned map[string]any) (Applied, error) {
	merged := map[string]any{}
	for _, token := range []string{"access_token", "id_token"} {
		claims, err := members(context, token)
		if err != nil {
			return Applied{}, err
		}
		changed, _ := returned[token].(map[string]any)
		maps.Copy(claims, changed)
		merged[token] = claims
	}
	return Applied{Output: merged}, nil
}
