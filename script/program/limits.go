package program

// Limits of a script's source. They are checked before anything parses it.
const (
	// MaxSourceBytes is the size of the largest source, in bytes of UTF-8.
	MaxSourceBytes = 64 << 10
	// MaxLibraryBytes is the size of the largest source of a shared module. Its
	// JSON must fit a body of the API and a value of the store.
	MaxLibraryBytes = 768 << 10
	// MaxModules is how many modules a program may have, with the script.
	MaxModules = 64
	// MaxProgramBytes is how long the sources of a program may be together.
	MaxProgramBytes = 4 << 20
	// MaxCachedUnits is how many compiled modules a [Cache] keeps.
	MaxCachedUnits = 256
	// MaxLoweredBytes is the size of the largest program that lowering may make of
	// a source.
	MaxLoweredBytes = 1 << 20
	// MaxNesting is how deep brackets, braces, parentheses and templates of a
	// source may nest. The parser recurses once or more for each.
	MaxNesting = 200
	// MaxFindings is how many findings of one source are reported.
	MaxFindings = 50
	// MaxNames is how many secrets, and how many variables, a source may name.
	MaxNames = 256

	// maxQuoted is how long a message that quotes the source may be, in bytes.
	maxQuoted = 200
)
