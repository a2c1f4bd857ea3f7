// Package identity finds out who sends a request: by a token of an OpenID Connect
// or OAuth issuer (a signed JSON Web Token, RFC 7519 and RFC 9068) or by a client
// certificate. API tokens are package secretstore's own.
//
// It protects the principals' names: nobody gets one by a token that is forged,
// expired, meant for another service or another issuer's, nor by a certificate
// that the operator's authority did not sign. What a principal may do is not its
// business: see secretstore/access.
//
// # Names
//
// A token of the issuer that is stored as "corp" makes the principal
// "user:corp:SUBJECT" with the groups "group:corp:GROUP", and a certificate
// "user:mtls:NAME" with "group:mtls:UNIT". So what an issuer says can never be
// taken for another's word, nor for a group that is kept here.
package identity
