package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/reticent/reticent/api/client"
	"github.com/reticent/reticent/secretstore"
)

// valueFlags say how a value of a secret is read. There is no flag for the value
// itself: other users see arguments, and shells keep them.
type valueFlags struct {
	file     string
	form     valueForm
	generate string
}

// valueForm says what the text that was read means.
type valueForm struct {
	verbatim, trim, json bool
}

func (f *valueFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.file, "from-file", "", "read the value from this `file` instead of standard input")
	flags.BoolVar(&f.form.verbatim, "verbatim", false, "keep white space around the value")
	flags.BoolVar(&f.form.trim, "trim-space", false, "remove white space around the value")
	flags.BoolVar(&f.form.json, "json", false, "the value is a JSON object or array, whose strings are secret")
	flags.StringVar(&f.generate, "generate", "", generateHelp)
	c.MarkFlagsMutuallyExclusive("verbatim", "trim-space", "json", "generate")
	c.MarkFlagsMutuallyExclusive("from-file", "generate")
}

// valueHelp is the part of a command's help that says how the value is read.
const valueHelp = `The value is read from standard input, or with --from-file from a file; on a
terminal it is asked for, twice, without echo. White space around a value is
mostly a mistake (the newline at the end of a file), so such a value is refused
unless --trim-space or --verbatim says what is meant. With --generate the server
makes the value, and nobody ever sees it.`

// given gives the new value of a secret, or the order to make one.
func (f *valueFlags) given(c *cobra.Command, name string) (client.Given, error) {
	if f.generate != "" {
		g, err := parseGenerate(f.generate)
		return client.Given{Generate: g}, err
	}
	v, err := f.read(c, name)
	return client.Given{Value: v}, err
}

// read reads the value of a secret.
func (f *valueFlags) read(c *cobra.Command, name string) (*client.Value, error) {
	if stdin, ok := c.InOrStdin().(*os.File); f.file == "" && ok && term.IsTerminal(int(stdin.Fd())) {
		text, err := prompt(stdin, c.ErrOrStderr(), "value of "+name)
		if err != nil {
			return nil, err
		}
		return f.form.value(text)
	}
	source := c.InOrStdin()
	if f.file != "" {
		file, err := os.Open(f.file)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }() // nothing was written
		source = file
	}
	text, err := readAtMost(source, secretstore.MaxValueBytes, "MaxValueBytes")
	if err != nil {
		return nil, fmt.Errorf("value of %s: %w", name, err)
	}
	v, err := f.form.value(text)
	if err != nil {
		return nil, fmt.Errorf("value of %s: %w", name, err)
	}
	return v, nil
}

// value makes a value of a text. Its errors hold nothing of the text.
func (f valueForm) value(text []byte) (*client.Value, error) {
	if !utf8.Valid(text) {
		return nil, hint(errors.New("not UTF-8 text"), "keep a binary key as its base64 text")
	}
	s := string(text)
	trimmed := strings.TrimSpace(s)
	if trimmed == "" {
		return nil, errors.New("it is empty")
	}
	if f.json {
		if !json.Valid(text) || trimmed[0] != '{' && trimmed[0] != '[' {
			return nil, errors.New("not a JSON object or array")
		}
		return client.JSONValue(json.RawMessage(trimmed)), nil
	}
	switch {
	case f.trim:
		s = trimmed
	case s != trimmed && !f.verbatim:
		return nil, hint(errors.New("there is white space around it"),
			"--trim-space removes it, --verbatim keeps it; printf writes no newline where echo does")
	}
	return client.StringValue(s), nil
}

// readAtMost reads all of r, or fails and names the limit.
func readAtMost(r io.Reader, limit int, name string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(text) > limit {
		return nil, fmt.Errorf("larger than %d bytes (%s)", limit, name)
	}
	return text, nil
}
