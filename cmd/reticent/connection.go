package main

import (
	"errors"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/reticent/reticent/api/client"
)

// The environment that a client reads.
const (
	addrVariable  = "RETICENT_ADDR"
	tokenVariable = "RETICENT_TOKEN"
)

// connection is what the flags that all verbs have say: which server, which
// scope, and how to print.
type connection struct {
	addr      string
	tokenFile string
	scope     client.Scope
	format    outputFormat
}

func (c *connection) register(flags *pflag.FlagSet) {
	flags.StringVar(&c.addr, "addr", "", "the server's `URL`, instead of "+addrVariable)
	flags.StringVar(&c.tokenFile, "token-file", "", "a `file` with the token, instead of "+tokenVariable)
	flags.StringVar(&c.scope.Project, "project", "", "the `name` of the project; none is the platform")
	flags.StringVar(&c.scope.Service, "service", "", "the `name` of the service of the project")
	flags.VarP(&c.format, "output", "o", "the `format` to print: table or json")
}

// dial gives a client of the server.
func (c *connection) dial() (*client.Client, error) {
	if c.scope.Service != "" && c.scope.Project == "" {
		return nil, errors.New("--service needs --project: a service belongs to one")
	}
	token, err := c.token()
	if err != nil {
		return nil, err
	}
	addr := c.addr
	if addr == "" {
		addr = os.Getenv(addrVariable)
	}
	return client.New(addr, token, nil)
}

func (c *connection) token() (string, error) {
	token := os.Getenv(tokenVariable)
	if c.tokenFile != "" {
		f, err := os.Open(c.tokenFile)
		if err != nil {
			return "", err
		}
		defer func() { _ = f.Close() }() // nothing was written
		text, err := readAtMost(f, MaxTokenBytes, "MaxTokenBytes")
		if err != nil {
			return "", err
		}
		token = strings.TrimSpace(string(text))
	}
	if token == "" {
		return "", hint(errors.New("there is no token"), "set "+tokenVariable+", or name a file that has it with --token-file")
	}
	return token, nil
}
