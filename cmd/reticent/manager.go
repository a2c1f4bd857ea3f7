package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/reticent/reticent/api/client"
)

func managerCommand(c *connection) *cobra.Command {
	d := documents[client.Manager]{
		c: c, kind: "manager",
		of:      func(api *client.Client) collection[client.Manager] { return api.Managers(c.scope) },
		columns: []string{"name", "kind", "groups", "allowed_hosts", "updated_at"},
		about:   func(m client.Manager) (int, []string) { return m.Version, m.Warnings },
	}
	return group("manager", "external secret managers, whose secrets are fetched when they are needed",
		managerPut(c, d), d.get(), d.list(), d.delete(), managerCache(c), managerClear(c), managerHealth(c))
}

func managerPut(c *connection, d documents[client.Manager]) *cobra.Command {
	var source sourceFlag
	cmd := c.verb("put NAME", "connect an external secret manager", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			text, err := source.read(cmd)
			if err != nil {
				return err
			}
			document, err := yaml.YAMLToJSONStrict([]byte(text))
			if err != nil {
				return fmt.Errorf("%s: %w", source.file, err)
			}
			return d.put(cmd, api, args[0], json.RawMessage(document))
		})
	cmd.Long = `Connect an external secret manager: vault (OpenBao too), aws, directory or environment.
The file is YAML or JSON. Credentials are secrets of this server, by
name, which must be allowed to go to the manager's host:

  kind: vault
  vault:
    address: https://vault.example.com:8200
    auth: {method: approle, role_id: billing, secret: VAULT_SECRET_ID}
  allowed_hosts: [api.example.com]

Scripts then have context.secrets.get("NAME/path/key"), Rego has
data.secrets["NAME/path/key"].`
	source.register(cmd, "the manager")
	return cmd
}

func managerCache(c *connection) *cobra.Command {
	return c.verb("cache NAME", "list what was fetched from a manager, never values", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			cached, err := api.Managers(c.scope).Cache(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return list(c.format, cmd.OutOrStdout(), cached, "name", "state", "reason", "version", "age_seconds", "expires_at")
		})
}

func managerClear(c *connection) *cobra.Command {
	cmd := c.verb("clear NAME [SECRET]", "forget what was fetched from a manager, on every node", cobra.RangeArgs(1, 2),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			secret := ""
			if len(args) == 2 {
				secret = args[1]
			}
			if err := api.Managers(c.scope).Clear(cmd.Context(), args[0], secret); err != nil {
				return err
			}
			return c.gone(cmd, "cleared the cache of manager "+args[0])
		})
	cmd.Long = "Forget what was fetched from a manager, on every node: all of it, or one secret, named\nwithout a key."
	return cmd
}

func managerHealth(c *connection) *cobra.Command {
	return c.verb("health NAME", "tell how a manager is", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			h, err := api.Managers(c.scope).Health(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return show(c.format, cmd.OutOrStdout(), h)
		})
}
