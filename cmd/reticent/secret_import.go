package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api"
	"github.com/reticent/reticent/api/client"
)

func secretImport(c *connection) *cobra.Command {
	var replace, force bool
	cmd := c.verb("import FILE", "store the secrets of a secrets.json or a .env file", cobra.ExactArgs(1),
		func(cmd *cobra.Command, server *client.Client, args []string) error {
			file, err := readSecrets(args[0])
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			result, err := server.Secrets(c.scope).PutFile(cmd.Context(), *file, replace, force)
			if err != nil {
				return err
			}
			return c.wrote(cmd, fmt.Sprintf("created %d, updated %d, unchanged %d, deleted %d",
				len(result.Created), len(result.Updated), len(result.Unchanged), len(result.Deleted)), result)
		})
	cmd.Long = `Store the secrets of a file in the scope, all of them or none. A file that ends in
.json is an object of names and values, each a string, an object or an array;
every other one has a line NAME=VALUE for each secret, as .env files do, and a
value that shells and libraries read differently is refused. New secrets may be
sent nowhere; those that exist keep their metadata and get a new version, unless
they have the value already.`
	cmd.Flags().BoolVar(&replace, "replace", false, "delete the secrets of the scope that the file does not have")
	cmd.Flags().BoolVar(&force, "force", false, "with --replace, delete those too that something refers to")
	return cmd
}

// readSecrets reads a file of secrets as the JSON that the server takes.
func readSecrets(path string) (*client.Value, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err) // without the path, which is said already
	}
	defer func() { _ = f.Close() }() // nothing was written
	text, err := readAtMost(f, api.MaxBodyBytes, "MaxBodyBytes")
	if err != nil {
		return nil, err
	}
	if filepath.Ext(path) == ".json" {
		// What is wrong with it the server says, and where.
		if !json.Valid(text) || !strings.HasPrefix(strings.TrimSpace(string(text)), "{") {
			return nil, errors.New("not a JSON object")
		}
		return client.JSONValue(text), nil
	}
	values, err := parseEnv(string(text))
	if err != nil {
		return nil, err
	}
	raw, err := marshal(values)
	return client.JSONValue(raw), err
}
