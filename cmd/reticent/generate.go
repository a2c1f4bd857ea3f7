package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/reticent/reticent/api/client"
)

// generateHelp is the usage of the flag. docs/api.md has the members.
const generateHelp = "let the server make the value: `KIND` password, hex, uuid, hmac, aes, rsa, ec, ed25519, then ,MEMBER=VALUE"

// parseGenerate reads KIND,MEMBER=VALUE,… What the members may be the server says.
func parseGenerate(text string) (*client.Generate, error) {
	kind, rest, more := strings.Cut(text, ",")
	g := &client.Generate{Kind: kind}
	for more {
		var member string
		member, rest, more = strings.Cut(rest, ",")
		name, value, ok := strings.Cut(member, "=")
		if !ok {
			return nil, errors.New("--generate is KIND,MEMBER=VALUE,…")
		}
		if err := setGenerate(g, name, value); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func setGenerate(g *client.Generate, name, value string) error {
	numbers := map[string]*int{"length": &g.Length, "bytes": &g.Bytes, "bits": &g.Bits}
	switch name {
	case "length", "bytes", "bits":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			return errors.New("--generate: " + name + " is a number from 1")
		}
		*numbers[name] = n
	case "classes":
		g.Classes = strings.Split(value, "+")
	case "exclude":
		g.Exclude = value
	case "curve":
		g.Curve = value
	default:
		return errors.New("--generate: there is no such member; there are length, classes, exclude, bytes, bits and curve")
	}
	return nil
}
