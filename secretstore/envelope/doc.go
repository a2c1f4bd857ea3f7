// Package envelope encrypts secrets at rest.
//
// It protects plaintext from whoever reads or changes the database without the
// key file: a copied disk, a backup, a bucket dump, a database administrator.
// Such a reader learns the names, the length of each value and nothing of its
// content; what such a writer changes, moves to another name or version, or
// takes from another record does not open. It does not protect from whoever has
// the key file as well, nor from a writer who puts back an older state of the
// same version.
//
// # Keys
//
// Each sealed value, which is one version of one secret, has a data key of its
// own: 256 random bits for AES-GCM, used once. The data key is stored beside
// the ciphertext, wrapped (encrypted, with AES-256-GCM too) by a key-encryption
// key, the KEK. KEKs are kept outside the database, in a [Keyring]: one of them
// wraps, all of them unwrap. Losing them is losing every secret.
//
// # Associated data
//
// Both the wrapped data key and the ciphertext are bound to what they belong to.
// Their associated data is a sequence of fields, each preceded by its length in
// 8 bytes, big-endian, so that no two sequences give the same bytes:
//
//	wrapped data key  "reticent data key v1", use, KEK id
//	ciphertext        use
//
// where the use stands for the fields
//
//	of a secret       "reticent secret version v1", scope, name, version
//	of a key check    "reticent key check v1"
//
// and the version is 8 bytes, big-endian.
package envelope
