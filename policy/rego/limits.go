package rego

import "time"

const (
	// MaxModules is the number of modules of a policy.
	MaxModules = 64
	// MaxSourceBytes is the size of all modules of a policy together.
	MaxSourceBytes = 512 << 10
	// MaxDataBytes is the size of a policy's own data, as JSON.
	MaxDataBytes = 4 << 20
	// MaxQueryBytes is the size of an ad-hoc query.
	MaxQueryBytes = 16 << 10
	// MaxNesting is how deep a module may nest: the parser recurses.
	MaxNesting = 500
	// MaxInputDepth is how deep an input may nest objects and arrays.
	MaxInputDepth = 100
	// MaxEvaluationTime is how long one evaluation may take.
	MaxEvaluationTime = time.Second
	// MaxSends is how many requests an evaluation may send.
	MaxSends = 16
	// MaxSendTime is how long an evaluation may wait for requests, in all. That is
	// not part of MaxEvaluationTime.
	MaxSendTime = 10 * time.Second
	// DefaultSendTime is how long a request may take whose policy does not say.
	DefaultSendTime = 5 * time.Second
	// MaxSendCached is how many answers a policy keeps for other evaluations, each
	// of at most MaxSendCachedBytes and for MaxSendCacheTime.
	MaxSendCached      = 100
	MaxSendCachedBytes = 256 << 10
	MaxSendCacheTime   = time.Hour
	// MaxOutputBytes is the size of what a policy may answer, as JSON.
	MaxOutputBytes = 256 << 10
	// MaxValueBytes is the size of what one call of a builtin may give.
	MaxValueBytes = 16 << 20
	// MaxOperandNodes is how many strings, numbers and collections an operand of a
	// comparison or a builtin may have in it, in a policy with secrets.
	MaxOperandNodes = 1_000_000
	// MaxNumberDigits is the number of digits that a number of an input or of a
	// policy's text may have when it is written out.
	MaxNumberDigits = 1000
	// MaxExplainEvents is how many steps of an evaluation are explained, and
	// MaxExplainBytes the size of the text.
	MaxExplainEvents = 20_000
	MaxExplainBytes  = 256 << 10
	// MaxPrintBytes is how much print() may write in one evaluation; what is
	// over is cut, after masking.
	MaxPrintBytes = 16 << 10
	// maxErrors is how many errors of a policy are told at once.
	maxErrors = 20
)
