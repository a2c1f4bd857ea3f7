// Package envoy answers the external authorization filter of Envoy, over gRPC
// (envoy.service.auth.v3), by a document of the Rego policies that a scope sees. Its
// input and what it makes of the document are those of OPA's plugin for Envoy, so
// that policies written for that decide here.
//
// # What it protects
//
// What is behind the proxy: whatever is no clear permit denies, an error, a missing
// token and a document with a secret in it included. And secrets: a document that
// was masked never becomes a header or a body.
package envoy
