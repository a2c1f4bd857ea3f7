package host

import "time"

// Limits of one run. Each error that one of them causes names it.
type Limits struct {
	// Time is how long a run may take, fetches included.
	Time time.Duration
	// CPU is how much processor time a run may use, all threads of its worker
	// together; what waits for a host uses none. In process nothing holds a run to
	// it.
	CPU time.Duration
	// CallDepth is how deep functions may call each other.
	CallDepth int
	// Fetches is how many requests a run may send.
	Fetches int
	// HostCalls is how often a run may ask the host about a secret.
	HostCalls int
	// Timers is how many timers may wait at a time.
	Timers int
	// OutputBytes bounds the result as JSON.
	OutputBytes int
	// ConsoleLines and ConsoleBytes bound what the console keeps.
	ConsoleLines int
	ConsoleBytes int
	// BodyBytes bounds a request's body, and a response's.
	BodyBytes int
}

// The defaults of [Limits].
const (
	DefaultTime         = 5 * time.Second
	DefaultCPU          = 2 * time.Second
	DefaultCallDepth    = 1000
	DefaultFetches      = 20
	DefaultHostCalls    = 20_000
	DefaultTimers       = 1000
	DefaultOutputBytes  = 1 << 20
	DefaultConsoleLines = 200
	DefaultConsoleBytes = 32 << 10
	DefaultBodyBytes    = 1 << 20
)

// MaxBufferBytes is the size of the largest Buffer that can be made.
const MaxBufferBytes = 64 << 20

// MaxChunkBytes is the size of the chunks in which a body is read.
const MaxChunkBytes = 64 << 10

// MaxCloneDepth is how deep a value may nest that structuredClone copies.
const MaxCloneDepth = 200

// WithDefaults fills in the fields that are 0.
func (l Limits) WithDefaults() Limits {
	fill(&l.Time, DefaultTime)
	fill(&l.CPU, DefaultCPU)
	fill(&l.CallDepth, DefaultCallDepth)
	fill(&l.Fetches, DefaultFetches)
	fill(&l.HostCalls, DefaultHostCalls)
	fill(&l.Timers, DefaultTimers)
	fill(&l.OutputBytes, DefaultOutputBytes)
	fill(&l.ConsoleLines, DefaultConsoleLines)
	fill(&l.ConsoleBytes, DefaultConsoleBytes)
	fill(&l.BodyBytes, DefaultBodyBytes)
	return l
}

func fill[T int | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// MaxPBKDF2Iterations bounds the iterations of PBKDF2, which no interrupt stops.
const MaxPBKDF2Iterations = 1_000_000

// MaxSetKeys is how many keys of a JSON Web Key Set are tried on a token that does
// not name one.
const MaxSetKeys = 20
