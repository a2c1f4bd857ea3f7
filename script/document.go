package script

import (
	"github.com/reticent/reticent/secretstore"
)

// Document is a script as it is stored.
type Document struct {
	// Kind is what it is for; empty is [KindScript].
	Kind     DocumentKind `json:"kind,omitempty"`
	Language Language     `json:"language"`
	Source   string       `json:"source"`
	// Secrets are secrets that the source reads by computed names, besides those
	// that it names.
	Secrets     []string `json:"secrets,omitempty"`
	Description string   `json:"description,omitempty"`
	// RecordInput has records of runs tell the input, after Redact.
	RecordInput bool `json:"record_input,omitempty"`
	// RefersTo is what the check found out of the source; it is not the writer's to
	// say.
	RefersTo *RefersTo `json:"refers_to,omitempty"`
}

// DocumentKind is what a stored source is for.
type DocumentKind string

// The kinds. Both may be required by others.
const (
	// KindScript is run.
	KindScript DocumentKind = "script"
	// KindModule is a library, which is required and not run; it is code written for
	// other engines and may be as large as MaxLibraryBytes.
	KindModule DocumentKind = "module"
)

// RefersTo is what a source refers to by constants, without its modules.
type RefersTo struct {
	Secrets   []string `json:"secrets"`
	Variables []string `json:"variables"`
	// Keys are those of context.keys.
	Keys []string `json:"keys"`
	// Hosts are those of the URLs among its literals, with ports.
	Hosts []string `json:"hosts"`
	// Modules are what it gives to require: Node's modules and stored ones.
	Modules []string `json:"modules"`
}

// Entry is a stored script with what the store knows of it.
type Entry = secretstore.Entry[Document]

func (d *Document) source() Source {
	return Source{Language: d.Language, Source: d.Source, Library: d.Kind == KindModule}
}
