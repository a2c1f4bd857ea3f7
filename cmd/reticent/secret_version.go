package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

func secretAddVersion(c *connection) *cobra.Command {
	var value valueFlags
	cmd := c.verb("add-version NAME", "give a secret a new value", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			given, err := value.given(cmd, args[0])
			if err != nil {
				return err
			}
			version, added, err := api.Secrets(c.scope).AddVersion(cmd.Context(), args[0], given, "")
			if err != nil {
				return err
			}
			if !added {
				return c.wrote(cmd, fmt.Sprintf("version %d of secret %s has that value already", version.Version, args[0]), version)
			}
			return c.wrote(cmd, fmt.Sprintf("added version %d of secret %s", version.Version, args[0]), version)
		})
	cmd.Long = "Give a secret a new value, as a new version. The metadata stay.\n\n" + valueHelp
	value.register(cmd)
	return cmd
}

func secretVersions(c *connection) *cobra.Command {
	return c.verb("versions NAME", "list the versions of a secret, the newest first", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			versions, err := api.Secrets(c.scope).Versions(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return list(c.format, cmd.OutOrStdout(), versions, "version", "status", "weak", "created_at")
		})
}

func secretStatus(c *connection, verb, short, status string) *cobra.Command {
	return c.verb(verb+" NAME VERSION", short, cobra.ExactArgs(2),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			n, err := versionNumber(args[1])
			if err != nil {
				return err
			}
			version, err := api.Secrets(c.scope).SetVersionStatus(cmd.Context(), args[0], n, status, "")
			if err != nil {
				return err
			}
			return c.wrote(cmd, fmt.Sprintf("%sd version %d of secret %s", verb, n, args[0]), version)
		})
}

func secretDestroy(c *connection) *cobra.Command {
	cmd := c.verb("destroy NAME VERSION", "erase the value of a version", cobra.ExactArgs(2),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			n, err := versionNumber(args[1])
			if err != nil {
				return err
			}
			if err := api.Secrets(c.scope).DestroyVersion(cmd.Context(), args[0], n, ""); err != nil {
				return err
			}
			return c.gone(cmd, fmt.Sprintf("destroyed version %d of secret %s", n, args[0]))
		})
	cmd.Long = `Erase the value of a version, and the key that it was encrypted with. It cannot
be got back; the version stays listed.`
	return cmd
}

func versionNumber(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, hint(errors.New("VERSION is a number from 1"), "`reticent secret versions NAME` lists them")
	}
	return n, nil
}
