// Package interop has no code but tests: it holds the OPA API of a server against
// software that others wrote. Clients of OPA from npm ask it, a stock OPA fetches
// its bundles from it and sends its decision log to it, and a benchmark puts it
// beside that OPA.
//
// The stock OPA is built from the module of .ci/opa, which is fetched as the other
// dependencies are. The clients are installed by npm, from the lock file in
// testdata.
package interop
