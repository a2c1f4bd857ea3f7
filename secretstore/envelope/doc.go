// Package envelope encrypts secrets at rest.
//
// It protects plaintext from whoever reads or changes the database without the
// key: a copied disk, a backup, a bucket dump, a database administrator.
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
// key, the KEK. KEKs are in a [Keyring]: one of them wraps, all of them unwrap.
// Losing them is losing every secret.
//
// A [Holder] keeps the keyring: in a key file, in clear text, or in a row of the
// database, encrypted under a key of its own that a [Root] outside of the database
// wraps. The packages below this one are the roots, one for each kind of key, and
// package keyuri chooses by a URI. A root is asked once at a start, and when a key
// is rotated; sealing and opening take no call of it.
//
// To rotate, [Keyring.Next] makes a keyring with a new primary key, which is kept
// first; every value is then wrapped anew ([Keyring.Rewrap]), and
// [Keyring.Primary] drops the old keys. Package secretstore does that.
//
// # Associated data
//
// Both the wrapped data key and the ciphertext are bound to what they belong to.
// Their associated data is a sequence of fields, each preceded by its length in
// 8 bytes, big-endian, so that no two sequences give the same bytes:
//
//	wrapped data key  "reticent data key v1", use, KEK id
//	ciphertext        use
//	keyring in a row  "reticent keyring v1", name of the root
//
// where the use stands for the fields
//
//	of a secret       "reticent secret version v1", scope, name, version
//	of a key check    "reticent key check v1"
//
// and the version is 8 bytes, big-endian.
package envelope
