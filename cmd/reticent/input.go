package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// inputFlag is the input of an evaluation: a file, or "-" for standard input.
type inputFlag struct{ file string }

func (f *inputFlag) register(c *cobra.Command, what string) {
	c.Flags().StringVarP(&f.file, "input", "i", "", "a `file` with "+what+" as JSON; - is standard input")
}

// read gives the input, nil when there is none.
func (f inputFlag) read(c *cobra.Command) (any, error) {
	if f.file == "" {
		return nil, nil
	}
	text, err := readFile(c, f.file, MaxInputBytes, "MaxInputBytes")
	if err != nil {
		return nil, err
	}
	if !json.Valid(text) {
		return nil, errors.New("the input is not JSON")
	}
	return json.RawMessage(text), nil
}

// readFile reads a file, or standard input for "-".
func readFile(c *cobra.Command, name string, limit int, limitName string) ([]byte, error) {
	var source io.Reader = c.InOrStdin()
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // nothing was written
		source = f
	}
	return readAtMost(source, limit, limitName)
}
