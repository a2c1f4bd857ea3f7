package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/reticent/reticent/policy"
)

func TestPointsAcceptTypes(t *testing.T) {
	types := []policy.Type{policy.TypeUser, policy.TypeDeveloper, policy.TypeMachine, policy.TypeDCR}
	for point, want := range map[policy.Point]policy.Type{
		policy.PointScopeUserGrant: policy.TypeUser, policy.PointServerUserToken: policy.TypeUser, policy.PointClientUserToken: policy.TypeUser,
		policy.PointScopeClientAssignment: policy.TypeDeveloper, policy.PointServerClientAssignment: policy.TypeDeveloper,
		policy.PointScopeMachineGrant: policy.TypeMachine, policy.PointServerMachineToken: policy.TypeMachine, policy.PointClientMachineToken: policy.TypeMachine,
		policy.PointScopeDynamicClientRegistration: policy.TypeDCR, policy.PointServerDynamicClientRegistration: policy.TypeDCR,
		policy.PointAPI: policy.TypeAPI, policy.PointAuthZEN: policy.TypeAPI,
	} {
		if !point.Valid() {
			t.Errorf("%s is no point", point)
		}
		for _, typ := range types {
			if got := point.Accepts(typ); got != (typ == want) {
				t.Errorf("%s accepts %s: %t", point, typ, got)
			}
		}
		if !point.Accepts(policy.TypeAPI) || !point.Accepts("") {
			t.Errorf("%s does not accept a policy of type api", point)
		}
		if err := (policy.Binding{}).Accepts(point, policy.TypeAPI); err != nil {
			t.Errorf("%s: %v", point, err)
		}
	}
	if policy.Point("nowhere").Valid() || policy.Point("nowhere").Accepts(policy.TypeAPI) {
		t.Error("there is a point nowhere")
	}
	var e *policy.InvalidError
	if err := (policy.Binding{}).Accepts(policy.PointScopeUserGrant, policy.TypeDCR); !errors.As(err, &e) {
		t.Errorf("error is %v", err)
	}
}

func TestBindings(t *testing.T) {
	for _, c := range []struct {
		binding policy.Binding
		at      policy.Point
		pointer string // "-" for a valid one
	}{
		{policy.Binding{Policy: "p", Target: "*"}, policy.PointAuthZEN, "-"},
		{policy.Binding{Script: "s", Target: "document"}, policy.PointAuthZEN, "-"},
		{policy.Binding{Policy: "p", Target: "urn:example:żółw"}, policy.PointAPI, "-"},
		{policy.Binding{Policy: "p", Target: "*"}, "nowhere", ""},
		{policy.Binding{Target: "*"}, policy.PointAPI, ""},
		{policy.Binding{Policy: "p", Script: "s", Target: "*"}, policy.PointAPI, ""},
		{policy.Binding{Policy: "a/b", Target: "*"}, policy.PointAPI, "/policy"},
		{policy.Binding{Script: "constructor", Target: "*"}, policy.PointAPI, "/script"},
		{policy.Binding{Policy: "p"}, policy.PointAPI, "/target"},
		{policy.Binding{Policy: "p", Target: "a\nb"}, policy.PointAPI, "/target"},
		{policy.Binding{Policy: "p", Target: "a\xff"}, policy.PointAPI, "/target"},
		{policy.Binding{Policy: "p", Target: strings.Repeat("x", policy.MaxTarget+1)}, policy.PointAPI, "/target"},
	} {
		err := c.binding.Validate(c.at)
		var e *policy.InvalidError
		switch {
		case c.pointer == "-":
			if err != nil {
				t.Errorf("%+v: %v", c.binding, err)
			}
		case !errors.As(err, &e) || e.Findings[0].Pointer != c.pointer:
			t.Errorf("%+v: %v, want a finding at %q", c.binding, err, c.pointer)
		}
	}
}
