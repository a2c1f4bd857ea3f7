package main

import (
	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

func secretCreate(c *connection) *cobra.Command {
	var value valueFlags
	var meta metadataFlags
	cmd := c.verb("create NAME", "store a new secret", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			spec, err := meta.spec()
			if err != nil {
				return err
			}
			given, err := value.given(cmd, args[0])
			if err != nil {
				return err
			}
			spec.Value, spec.Generate = given.Value, given.Generate
			secret, err := api.Secrets(c.scope).Create(cmd.Context(), args[0], spec)
			if err != nil {
				return err
			}
			return wroteSecret(c, cmd, "created", secret)
		})
	cmd.Long = "Store a new secret. It is an error if there is one of that name.\n\n" + valueHelp
	value.register(cmd)
	meta.register(cmd)
	meta.registerEncoding(cmd)
	return cmd
}

func secretPut(c *connection) *cobra.Command {
	var value valueFlags
	var meta metadataFlags
	cmd := c.verb("put NAME", "replace a secret, or store a new one", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			spec, err := meta.spec()
			if err != nil {
				return err
			}
			given, err := value.given(cmd, args[0])
			if err != nil {
				return err
			}
			spec.Value, spec.Generate = given.Value, given.Generate
			secret, created, err := api.Secrets(c.scope).Put(cmd.Context(), args[0], spec, "")
			if err != nil {
				return err
			}
			return wroteSecret(c, cmd, putVerb(created), secret)
		})
	cmd.Long = `Replace a secret: the value becomes a new version, and metadata that no flag
gives are reset. If there is no secret of that name, it is created.

` + valueHelp
	value.register(cmd)
	meta.register(cmd)
	meta.registerEncoding(cmd)
	return cmd
}

func secretPatch(c *connection) *cobra.Command {
	var value valueFlags
	var meta metadataFlags
	var withValue bool
	cmd := c.verb("patch NAME", "change the metadata of a secret", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			patch, err := meta.patch(cmd)
			if err != nil {
				return err
			}
			if withValue {
				given, err := value.given(cmd, args[0])
				if err != nil {
					return err
				}
				patch.Value, patch.Generate = given.Value, given.Generate
			}
			secret, err := api.Secrets(c.scope).Patch(cmd.Context(), args[0], patch, "")
			if client.HasCode(err, "value_required") {
				return hint(err, "--with-value reads the value again")
			}
			if err != nil {
				return err
			}
			return wroteSecret(c, cmd, "changed", secret)
		})
	cmd.Long = `Change the metadata that flags give; the rest stays. To widen where a secret may
go, its value has to be given again, with --with-value: who may change metadata
does not thereby learn what a secret opens.

` + valueHelp
	cmd.Flags().BoolVar(&withValue, "with-value", false, "read the value too, which becomes a new version")
	value.register(cmd)
	meta.register(cmd)
	meta.rotation.registerNone(cmd)
	return cmd
}
