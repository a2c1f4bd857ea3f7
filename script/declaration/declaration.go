// Package declaration holds the types of what a script gets, for editors and for
// tsc.
//
// # How it fits
//
// The API serves them and `reticent script types` prints them, so that an author
// has those of the server that the script will run on. Tests of package script
// hold them to what package host gives, both ways.
//
// # What it protects
//
// Nothing by itself: the server takes types out and does not check them. With
// them tsc tells an author early of what would be refused, since the members of
// a sealed string that look inside it are of type never.
package declaration

import _ "embed"

// Text is reticent.d.ts. It is a file of global declarations, for a project
// without the types of the DOM and of Node.
//
//go:embed reticent.d.ts
var Text string
