package validator

import (
	"slices"
	"sort"
)

// Program is a compiled document. It is immutable and knows no value of a
// secret.
type Program struct {
	root node
	// document is what was compiled, as decoded.
	document any
	secrets  []secretRef
	// variables, embedded policies and tokens are by name, each once.
	variables []string
	embedded  []Embedding
	tokens    []string
	keySets   []keySet
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

// Variables gives the names of the variables that the document names, in order.
func (p *Program) Variables() []string { return slices.Sorted(slices.Values(p.variables)) }

// Embedding is a policy that a document embeds.
type Embedding struct {
	// Policy is its name.
	Policy string
	// Pointer is the JSON pointer (RFC 6901) of the place.
	Pointer string
}

// Embedded gives the policies that the document embeds, each at its first place.
func (p *Program) Embedded() []Embedding { return p.embedded }
