package egress

import "time"

const (
	// DefaultTimeout bounds one call of Do, from the name look-up to the last
	// byte of the body, redirects included.
	DefaultTimeout = 10 * time.Second
	// DefaultIdleTime is how long a host may take from one piece of a body to the next.
	DefaultIdleTime = 5 * time.Second
	// DefaultMaxRequestBytes is the size of the largest sealed request body.
	DefaultMaxRequestBytes = 1 << 20
	// DefaultMaxResponseBytes is the size of the largest response body, before
	// and after decoding.
	DefaultMaxResponseBytes = 1 << 20
	// MaxURLBytes is the size of the longest sealed URL.
	MaxURLBytes = 16 << 10
	// MaxHeaders is the number of header values in a request.
	MaxHeaders = 100
	// MaxSealedHeaders is the number of header values of a request that may
	// hold secrets. What one of them resolves to is bounded by package seal.
	MaxSealedHeaders = 16
	// MaxHeaderBytes is the size of the sealed header of a request, and of the
	// header of a response.
	MaxHeaderBytes = 64 << 10
	// MaxRedirects is the number of redirects that one call of Do follows.
	MaxRedirects = 5
)
