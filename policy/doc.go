// Package policy decides. It is the decision path that every API takes, over
// two engines that it puts behind one shape: Rego (package policy/rego) and
// declarative validators (package policy/validator).
//
// # How it fits
//
// A [Document] is a policy as it is written and stored. [Document.Compile] gives
// a [Compiled], which knows no value of a secret; [Compiled.Bind] joins that to
// the sealing set that the store keeps for it and gives a [Bound], which answers
// with a [Decision]. A [Binding] says which policy or script answers at which
// [Point] of an authorization server.
//
// # What it protects
//
// Decisions, from failing open: whatever goes wrong, a panic included, is a deny
// that says so ([Decision.Error]). Policies, from callers who bring secrets of
// their own: an input with `secrets` is refused. And secrets, from the readers
// of decisions: everything in a Decision has been masked by its engine, and no
// error holds a value, be it of a secret or of an input.
package policy
