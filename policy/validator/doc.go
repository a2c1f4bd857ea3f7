// Package validator decides declarative policies: lists of validators that
// compare what a request brings with literals, with other parts of the request
// and with secrets.
//
// # How it fits
//
// [Compile] checks a document and gives a [Program], which knows no value of a
// secret. [Program.Bind] joins it to the sealing set of the policy and gives a
// [Policy], which decides any number of requests at once. Package policy wraps
// both for its decision path.
//
// # What it protects
//
// Secrets, from the author of a policy and from its callers. A secret is
// compared as a whole value through the boundary of package seal (in constant
// time, misses on weak ones counted), or a policy does not compile: a wildcard,
// a prefix or an ordering against a secret would tell it piece by piece. All
// that leaves an evaluation, but for the decision, are texts that were fixed and
// masked when the policy was bound; nothing of a request and nothing of a secret
// can be in them. The request is therefore not sealed: no part of it is copied
// to where a person could read it.
//
// And those who rely on a decision, from a wrong one. Evaluation fails closed:
//   - A missing operand fails every comparator, negated ones too, and so do
//     operands of types that the comparator does not compare. Under `not` such
//     a comparison stays failed. JSON null counts as missing.
//   - `*` is a wildcard in a literal only, never in a secret or in what came
//     with the request.
//   - A header that comes more than once must satisfy a comparison with each of
//     its values; when some do and some don't, it fails and so does its negation.
//   - An error denies.
//
// # Documents
//
// A document is a JSON array of validators in the form that Cloudentity's API
// has, all of which must hold:
//
//	[{"name": "identity-context",
//	  "conf": {"fields": [{"field": "sub", "comparator": "equals", "value": "admin-*"}]},
//	  "recovery": [{"type": "mfa"}]}]
//
// A comparison has a source and a target, each one of {"field": PATH},
// {"value": LITERAL} and {"secret": NAME}; `field` in the comparison itself is
// short for a source, `value` and `secret` for a target. A path separates names
// with dots (`\.` is a dot in a name), and indexes arrays by number. A path
// after a secret's name leads into a structured secret.
package validator
