// Command reticent is the server and its command line.
//
// # How it fits
//
// `reticent serve` wires the packages of this module into one process; every
// other verb is a client of its API, a file a verb. What the verbs share is in
// root.go (flags), connection.go (the API), value.go (a secret's value on its
// way in), manifest.go (files of resources), output.go and failure.go.
//
// # What it protects
//
// The values of secrets, from other users of the machine and from the shell's
// history: a value is read from standard input, a file, an environment variable
// or a prompt that does not echo, and there is no flag or argument for one. The
// same holds for the API token. Nothing that the server answers can hold a
// value, so nothing that is printed can.
//
// # Exit codes
//
//	0  done; of a decision: allow
//	1  of a decision: deny
//	2  an error, told on standard error
package main

import (
	"os"

	"github.com/reticent/reticent/script/worker"
)

func main() {
	worker.Main() // does not return in a child that runs scripts
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
