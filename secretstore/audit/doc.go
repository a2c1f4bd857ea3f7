// Package audit keeps the log of who did what: every administrative act, every
// refusal and every use of what secrets are in. It is append-only, a chain of
// hashes, and holds no value: principals, names, actions and outcomes only.
//
// It protects the record from whoever can write to the database without the
// key-encryption key: an entry that was changed, taken out, moved or added is
// found by [Log.Verify], and so are entries missing at the end, because the head
// of the chain is sealed. It does not protect it from a whole older database put
// back in its place: for that, keep the heads that were told ([Head]) elsewhere.
//
// # How it fits
//
// Package secretstore appends an administrative act in the transaction that
// does it ([Log.Append]): what cannot be logged is not done. Evaluations and
// refusals are noted in memory ([Log.Note]), added up by what is alike, and
// written every [FlushInterval]: they never wait for a disk, and a server that is
// killed loses at most the last interval of them.
//
// # On disk
//
//	audit:{seq}    an entry, as JSON; seq has 20 digits
//	audithead:     envelope.Sealed: the sealed head
//
// # The chain
//
// The hash of an entry is the SHA-256, in lower-case hexadecimal, of the entry's
// JSON without its member "hash", in the canonical form of RFC 8785. The member
// "prev" is the hash of the entry before, or 64 zeros in the first one. So anybody
// can check an export with a few lines in any language.
package audit
