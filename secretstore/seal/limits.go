package seal

const (
	// MaxSecretBytes is the size of the largest plaintext that a secret may
	// have. Every surrogate counts as this much when the size of a resolved
	// string is bounded, so that the bound tells nothing of a length.
	MaxSecretBytes = 64 << 10
	// MaxResolvedBytes bounds what resolving one string may give, so that
	// encoding a doubled string over and over cannot exhaust memory.
	MaxResolvedBytes = 16 << 20
	// MaxDerived is the number of derived surrogates that one run may make.
	MaxDerived = 20_000
	// MaxDerivedBytes is how long the texts may be, together, from which one run
	// derives surrogates: they are kept until it ends.
	MaxDerivedBytes = 32 << 20
	// MaxSignatures is the number of signatures with private keys that one run may
	// make: each takes about a millisecond of the server.
	MaxSignatures = 100
	// MaxMissesPerMinute is the number of comparisons with one weak secret that
	// may miss in a minute, for one principal, before comparisons with it are
	// refused.
	MaxMissesPerMinute = 20
	// MaxParsedDepth is how deep the JSON may nest of which a run seals strings.
	MaxParsedDepth = 200
	// MaxAdopted is the number of values of responses and of parsed secrets that
	// one run may have sealed.
	MaxAdopted = 1000
)
