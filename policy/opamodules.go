package policy

import (
	"errors"
	"maps"
	"slices"

	"github.com/reticent/reticent/secretstore"
)

// Module is a module of a stored Rego policy, as OPA lists it.
type Module struct {
	// ID is the name of the policy and that of the file: "door/policy.rego".
	ID  string `json:"id"`
	Raw string `json:"raw"`
}

// Modules gives the modules of the Rego policies that a scope sees, in the order of
// their IDs: those that the caller may read.
func (s *Service) Modules(by secretstore.Principal, scope secretstore.Scope) ([]Module, error) {
	nearest := make(map[string]Document)
	for _, at := range slices.Backward(scope.Chain()) {
		page := secretstore.PageRequest{Size: secretstore.MaxPageSize}
		for {
			list, err := s.List(by, at, page)
			if errors.Is(err, secretstore.ErrForbidden) && at != scope {
				break
			}
			if err != nil {
				return nil, err
			}
			for _, e := range list.Items {
				nearest[e.Name] = e.Value
			}
			if page.Token = list.NextPageToken; page.Token == "" {
				break
			}
		}
	}
	out := []Module{}
	for _, name := range slices.Sorted(maps.Keys(nearest)) {
		d := nearest[name]
		files := d.files()
		for _, file := range slices.Sorted(maps.Keys(files)) {
			out = append(out, Module{ID: name + "/" + file, Raw: files[file]})
		}
	}
	return out, nil
}
