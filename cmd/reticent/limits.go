package main

import (
	"time"

	"github.com/reticent/reticent/api"
)

const (
	// MaxManifestBytes is the size of the largest file that apply reads.
	MaxManifestBytes = 1 << 20
	// MaxManifestFiles is how many files of resources a directory may have.
	MaxManifestFiles = 1000
	// MaxInputBytes is the size of the largest input of an evaluation that is
	// read; the server has the same limit.
	MaxInputBytes = api.MaxInputBytes
	// MaxTokenBytes is the size of the largest token file.
	MaxTokenBytes = 4 << 10
	// StrongTokenLength is the length, in bytes, below which a token that somebody
	// chose is warned of.
	StrongTokenLength = 16
	// StopTime is how long a server that was told to stop waits for requests
	// that are under way.
	StopTime = 30 * time.Second
	// ProgressInterval is how often it is asked how far a rotation of the key is.
	ProgressInterval = 200 * time.Millisecond
	// MaxAuditLineBytes is the size of the largest line of an audit export.
	MaxAuditLineBytes = 1 << 20
)
