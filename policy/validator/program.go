package validator

import (
	"sort"
)

// Program is a compiled document. It is immutable and knows no value of a
// secret.
type Program struct {
	root node
	// document is what was compiled, as decoded.
	document any
	secrets  []secretRef
	// failures and recoveries are what evaluations give out, in the author's
	// words; Bind masks them.
	failures   []Failure
	recoveries []any
}

// secretRef is a secret, or a place in a structured one, that a document names.
type secretRef struct {
	name string
	text string // as written, for messages
	path path   // nil for the whole
}

// Secrets gives the names of the secrets that the document names, in order.
func (p *Program) Secrets() []string {
	names := []string{}
	seen := make(map[string]bool)
	for _, s := range p.secrets {
		if !seen[s.name] {
			seen[s.name] = true
			names = append(names, s.name)
		}
	}
	sort.Strings(names)
	return names
}
