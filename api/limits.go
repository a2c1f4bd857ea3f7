package api

import "time"

const (
	// MaxBodyBytes is the size of the largest body that writes a resource.
	MaxBodyBytes = 1 << 20
	// MaxInputBytes is the size of the largest body that asks for an evaluation.
	MaxInputBytes = 4 << 20
	// MaxHeaderBytes is the size of the largest header of a request.
	MaxHeaderBytes = 32 << 10

	// HeaderTimeout is how long a client may take to send a request's header.
	HeaderTimeout = 10 * time.Second
	// ReadTimeout is how long a client may take to send a whole request.
	ReadTimeout = 60 * time.Second
	// WriteTimeout is how long a request may take from the end of its header to
	// the end of its response. It is longer than a script may run and wait.
	WriteTimeout = 120 * time.Second
	// IdleTimeout is how long a connection is kept without a request.
	IdleTimeout = 120 * time.Second
	// RetryAfter is when a client that met an overload may try again.
	RetryAfter = time.Second
)
