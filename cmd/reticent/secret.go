package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

func secretCommand(c *connection) *cobra.Command {
	return group("secret", "write-only values and their metadata",
		secretCreate(c), secretPut(c), secretPatch(c), secretGet(c), secretList(c), secretDelete(c),
		secretImport(c), secretAddVersion(c), secretVersions(c),
		secretStatus(c, "enable", "let a version be used again", "ENABLED"),
		secretStatus(c, "disable", "let a version be used no more", "DISABLED"),
		secretDestroy(c))
}

func secretGet(c *connection) *cobra.Command {
	return c.verb("get NAME", "show the metadata of a secret; nothing shows its value", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			secret, err := api.Secrets(c.scope).Get(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return show(c.format, cmd.OutOrStdout(), secret)
		})
}

func secretList(c *connection) *cobra.Command {
	return c.verb("list", "list the secrets of the scope itself", cobra.NoArgs,
		func(cmd *cobra.Command, api *client.Client, _ []string) error {
			secrets, err := api.Secrets(c.scope).All(cmd.Context())
			if err != nil {
				return err
			}
			return list(c.format, cmd.OutOrStdout(), secrets, "name", "version", "weak", "allowed_hosts", "allowed_in", "updated_at")
		})
}

func secretDelete(c *connection) *cobra.Command {
	var force bool
	cmd := c.verb("delete NAME", "delete a secret with all its versions; the values cannot be got back", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			if err := api.Secrets(c.scope).Delete(cmd.Context(), args[0], "", force); err != nil {
				return err
			}
			return c.gone(cmd, "deleted secret "+args[0])
		})
	cmd.Flags().BoolVar(&force, "force", false, "delete it although scripts or policies refer to it")
	return cmd
}

// wroteSecret tells of a secret that was written, and what the server warns of.
func wroteSecret(c *connection, cmd *cobra.Command, did string, secret client.Secret) error {
	warn(cmd.ErrOrStderr(), "secret "+secret.Name, secret.Warnings)
	return c.wrote(cmd, fmt.Sprintf("%s secret %s, version %d", did, secret.Name, secret.Version), secret)
}
