// Package rego evaluates policies written in Rego (OPA v1) that use secrets
// which neither the policy's author nor its caller may see.
//
// It protects plaintext from the author of a policy, who decides what is
// computed, printed and answered; from the caller, who decides the input; and
// from the readers of answers and logs. It does so by never having one: a
// policy is evaluated over surrogates (package seal), and everything that a
// surrogate could make wrong is rewritten or refused when it is compiled.
//
// # How it fits
//
// [Compile] checks and compiles modules without knowing any value, and says
// which secrets they name. [Program.Bind] puts the sealing set of those names
// in: surrogates are drawn once, literals and data of the policy are sealed.
// [Policy.Evaluate] seals an input, evaluates and masks. Beside the decision,
// [Policy.Document] and [Policy.Query] answer what OPA's API asks, and
// [Policy.Partial] what depends on no secret. [Check] and [RunTests] are for
// authors.
//
// An evaluation waits for nothing but http.send, which goes through package
// egress (send.go, sender.go).
//
// # Why decisions are those of plaintext
//
// Rego compares by unification, and it looks up keys of objects, elements of
// sets and indexed rules natively, in places that no builtin sees. So the
// compiler follows strings by a level:
//
//   - clean: literals, input and data as they were sealed. Sealing is a function
//     of the plaintext and injective, so native comparison of two clean values
//     is exact, and rule indexing stays.
//   - mixed: what string functions computed, and collections that hold secrets.
//     The same plaintext may have another sealed form, so every comparison that
//     touches one becomes a call of a builtin of this package, which asks
//     [seal.Run.Equal], and a key or an element of a set is checked to have no
//     secret in it when it is used.
//   - secret: what comes straight from data.secrets. As a key, an operand of an
//     ordering, of arithmetic or of a string function it is refused when the
//     policy is compiled.
//
// Calls of OPA's builtins that would look inside strings become guarded calls,
// which refuse an operand with a surrogate in it (see builtins.go, which has the
// one table of what becomes of each builtin). Arrays that were collected in the
// order of surrogates are refused (order.go), and so is looking for secrets in
// what the input as a whole was put into (carry.go).
//
// OPA's own conformance cases run through all of this, with a secret planted in
// each as well.
package rego
