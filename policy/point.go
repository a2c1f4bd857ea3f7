package policy

// Type says whose requests a policy is about. The types are Cloudentity's.
type Type string

// The types of policies.
const (
	TypeUser      Type = "user"
	TypeDeveloper Type = "developer"
	TypeMachine   Type = "machine"
	TypeDCR       Type = "dcr"
	// TypeAPI is about any request, and the type of a policy that names none.
	TypeAPI Type = "api"
)

func (t Type) valid() bool {
	switch t {
	case TypeUser, TypeDeveloper, TypeMachine, TypeDCR, TypeAPI:
		return true
	}
	return false
}

// orAny gives the type, which is TypeAPI where none is named.
func (t Type) orAny() Type {
	if t == "" {
		return TypeAPI
	}
	return t
}

// Point is a place at which an authorization server asks for a decision. All but
// [PointAuthZEN] are Cloudentity's policy execution points.
type Point string

// The points.
const (
	// PointAuthZEN is an evaluation of OpenID's AuthZEN Authorization API; its
	// target is a resource type.
	PointAuthZEN Point = "authzen"

	PointScopeUserGrant  Point = "scope_user_grant"
	PointServerUserToken Point = "server_user_token"
	PointClientUserToken Point = "client_user_token"

	PointScopeClientAssignment  Point = "scope_client_assignment"
	PointServerClientAssignment Point = "server_client_assignment"

	PointScopeMachineGrant  Point = "scope_machine_grant"
	PointServerMachineToken Point = "server_machine_token"
	PointClientMachineToken Point = "client_machine_token"

	PointScopeDynamicClientRegistration  Point = "scope_dynamic_client_registration"
	PointServerDynamicClientRegistration Point = "server_dynamic_client_registration"

	PointAPI Point = "api"

	// Scripts answer at these and no policies: what they return is no decision.
	// Package point of the scripts says what it is.
	PointPostAuthnCtx       Point = "post_authn_ctx"
	PointAllowedIDPIDs      Point = "allowed_idp_ids"
	PointTokenMinting       Point = "token_minting"
	PointClientTokenMinting Point = "client_token_minting"
	PointCustom             Point = "custom"

	// PointDecisionLog is where a policy says what the decision log must not have, of
	// decisions of the policy that is its target. Nobody asks there.
	PointDecisionLog Point = "decision_log"
)

var scriptPoints = map[Point]bool{
	PointPostAuthnCtx: true, PointAllowedIDPIDs: true, PointTokenMinting: true, PointClientTokenMinting: true, PointCustom: true,
}

// points are all points, each with the type of the requests that it sees. A
// policy of another type would read what is not there.
var points = map[Point]Type{
	PointAuthZEN:                         TypeAPI,
	PointScopeUserGrant:                  TypeUser,
	PointServerUserToken:                 TypeUser,
	PointClientUserToken:                 TypeUser,
	PointScopeClientAssignment:           TypeDeveloper,
	PointServerClientAssignment:          TypeDeveloper,
	PointScopeMachineGrant:               TypeMachine,
	PointServerMachineToken:              TypeMachine,
	PointClientMachineToken:              TypeMachine,
	PointScopeDynamicClientRegistration:  TypeDCR,
	PointServerDynamicClientRegistration: TypeDCR,
	PointAPI:                             TypeAPI,
}

// Valid reports whether there is such a point.
func (p Point) Valid() bool { return p.Decides() || scriptPoints[p] || p == PointDecisionLog }

// Decides reports whether what is bound to the point gives a decision.
func (p Point) Decides() bool {
	_, ok := points[p]
	return ok
}

// Type gives the type of the requests that the point sees.
func (p Point) Type() Type { return points[p] }

// Accepts reports whether a policy of a type may be bound to the point: one of
// the point's own type, or one of type api, which fits anywhere.
func (p Point) Accepts(t Type) bool {
	want, ok := points[p]
	return ok && (t == "" || t == TypeAPI || t == want)
}
