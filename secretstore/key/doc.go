// Package key has the keys: secret IDs mapped to secrets, which sign and encrypt
// with the newest enabled version of their secret, and verify and decrypt with
// every enabled one.
//
// A key is rotated by adding a version to its secret: the next token is signed with
// that, those that are out still verify until somebody disables or destroys the
// version that signed them. Nothing is restarted.
//
// # How it fits
//
// A key is a document of the store that refers to one secret. The service follows
// the store and reads the versions of a secret when they are first needed; an
// operation takes what was read and touches no disk. Signatures are those of
// package signing, as in scripts; encryption is JWE (RFC 7516) by a library.
//
// # What it protects
//
// The plaintext of the secret from everybody who may use the key: what goes out is
// a signature, a token, what was encrypted to the key, or the public half. It
// protects the secret from being the wrong kind of key: an algorithm goes with one
// kind; weak secrets, secrets that a script computed of others, and symmetric keys
// shorter than their algorithm wants are no keys. What does not verify or decrypt is
// told alike whatever the reason. It does not protect from who may execute the key:
// that is signing, and a grant can hold somebody to a key that only verifies.
package key
