package secretstore

import "github.com/reticent/reticent/secretstore/access"

// Principal is on whose behalf the store is called. It says who that is and never
// what he may: that is looked up each time, so that a permission that is taken
// away is gone at once.
type Principal struct {
	// ID names it in grants, logs and counts: "token:ID" or "user:ISSUER:SUBJECT".
	ID string `json:"id"`
	// Groups are those that the caller's issuer says he is in: "group:ISSUER:NAME".
	Groups []string `json:"groups,omitempty"`
	// Admin may do everything. It is for the server itself: no caller has it.
	Admin bool `json:"admin,omitempty"`
}

// permits reports whether somebody has a permission.
func (st *state) permits(by Principal, p access.Permission, r access.Resource) bool {
	return by.Admin || st.access.Permits(append([]string{by.ID}, by.Groups...), p, r)
}

// resource is a resource of this state, as access is decided on it.
func (st *state) resource(kind Kind, scope Scope, name string) access.Resource {
	r := access.Resource{Kind: access.Kind(kind), Scope: scope.Path(), Name: name, Any: name == ""}
	if x := st.secrets[scope][name]; kind == KindSecret && x != nil {
		r.Tags = x.record.Tags
	}
	return r
}

// mayUse reports whether somebody may name a secret in what he writes, and
// compare with it.
func (st *state) mayUse(by Principal, x *secret) bool {
	return st.permits(by, access.Use, st.resource(KindSecret, x.scope, x.name))
}
