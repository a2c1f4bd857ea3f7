package key

import "time"

const (
	// MaxPayloadBytes bounds what is signed or encrypted.
	MaxPayloadBytes = 256 << 10
	// MaxTokenBytes bounds a token: a payload in base64 twice, and its headers.
	MaxTokenBytes = 1 << 20
	// MaxAlgorithms is how many algorithms a key names at most.
	MaxAlgorithms = 8
	// MaxIDLength is the longest ID of a key, in characters.
	MaxIDLength = 124
	// MaxTypeLength is the longest type of a token ("typ"), in characters.
	MaxTypeLength = 64
	// SetMaxAge is how long who fetched a JSON Web Key Set may keep it. A version
	// should be that old before the one that it follows is disabled.
	SetMaxAge = 5 * time.Minute
)
