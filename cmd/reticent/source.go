package main

import (
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
	"github.com/reticent/reticent/script"
)

// sourceFlag is the file of a script's or a policy's source.
type sourceFlag struct{ file string }

func (f *sourceFlag) register(c *cobra.Command, what string) {
	f.optional(c, what)
	if err := c.MarkFlagRequired("file"); err != nil {
		panic(err) // there is such a flag
	}
}

// optional is register for a command that does without.
func (f *sourceFlag) optional(c *cobra.Command, what string) {
	c.Flags().StringVarP(&f.file, "file", "f", "", "the `file` with "+what+"; - is standard input")
}

func (f sourceFlag) read(c *cobra.Command) (string, error) {
	text, err := readFile(c, f.file, MaxManifestBytes, "MaxManifestBytes")
	return string(text), err
}

// language is what a script of this name is written in.
func (f sourceFlag) language() string {
	if filepath.Ext(f.file) == ".ts" {
		return string(script.TypeScript)
	}
	return string(script.JavaScript)
}

// place names the file in what the server found wrong in it. The server calls
// the only module of a policy as it likes.
func (f sourceFlag) place(err error) error {
	file := f.file
	if file == "-" {
		file = "standard input"
	}
	if p, ok := errors.AsType[*client.Problem](err); ok {
		for i := range p.Errors {
			switch f := &p.Errors[i]; {
			case p.Code == "invalid_script" && f.File != "":
				f.File = "module " + f.File
			case f.Line > 0:
				f.File = file
			}
		}
	}
	return err
}
