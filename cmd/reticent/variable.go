package main

import (
	"encoding/json"
	"errors"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

func variableCommand(c *connection) *cobra.Command {
	d := documents[client.Variable]{
		c: c, kind: "variable",
		of:      func(api *client.Client) collection[client.Variable] { return api.Variables(c.scope) },
		columns: []string{"name", "type", "value", "version", "updated_at"},
		about:   func(v client.Variable) (int, []string) { return v.Version, v.Warnings },
	}
	return group("variable", "plain configuration, which can be read", variablePut(c, d), d.get(), d.list(), d.delete())
}

func variablePut(c *connection, d documents[client.Variable]) *cobra.Command {
	var isJSON bool
	var description, kind string
	cmd := c.verb("put NAME VALUE", "store a variable", cobra.ExactArgs(2),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			value := json.RawMessage(args[1])
			if text := kind == "" || kind == "string" || kind == "list"; text && !isJSON {
				var err error
				if value, err = marshal(args[1]); err != nil {
					return err
				}
			}
			if !json.Valid(value) {
				return errors.New("VALUE is not JSON")
			}
			return d.put(cmd, api, args[0], client.VariableSpec{Type: kind, Value: value, Description: description})
		})
	cmd.Long = `Store a variable. Whoever may use the server can read it: a secret is stored with
"reticent secret create".`
	cmd.Flags().StringVar(&kind, "type", "", "what VALUE is, for good: `string`, list (with commas between), array, object, bool, int, number or keyvaluelist")
	cmd.Flags().BoolVar(&isJSON, "json", false, "VALUE is JSON, and not a text, where --type does not say so")
	cmd.Flags().StringVar(&description, "description", "", "a `text` for people")
	return cmd
}
