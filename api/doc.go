// Package api is the HTTP API of the server: routes, authentication, decoding,
// problem documents, and the OpenAPI description that a test holds true.
//
// # How it fits
//
// A handler decodes strictly, asks package secretstore, policy or script, and
// encodes what they answer. It decides nothing itself: who may do what is the
// store's answer, what is a decision is the engines'. Package client is its
// counterpart in Go, package apitest starts a whole server for tests.
//
// # What it protects
//
// It never holds the value of a secret: a new one passes through as a
// [secretstore.Value], which cannot be printed, and none comes back. What it
// says of a request that it refuses names the place (line and column, JSON
// pointer) and the rule, and repeats no value of the request, so that neither a
// response nor the log gives a caller's credential to somebody else.
package api
