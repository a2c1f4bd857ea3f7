package main

import (
	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

func bindingCommand(c *connection) *cobra.Command {
	return group("binding", "which policy or script answers at which point",
		bindingPut(c), bindingGet(c), bindingList(c), bindingDelete(c), bindingEvaluate(c))
}

func bindingPut(c *connection) *cobra.Command {
	var spec client.BindingSpec
	cmd := c.verb("put POINT", "let a policy or a script answer at a point", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			b, created, err := api.Bindings(c.scope).Put(cmd.Context(), args[0], spec, "")
			if err != nil {
				return err
			}
			return c.wrote(cmd, putVerb(created)+" binding "+b.Name+" for "+b.Target, b)
		})
	cmd.Long = `Let a policy or a script answer at a point. The point of AuthZEN requests is
"authzen", and its target the type of the resource.`
	cmd.Flags().StringVar(&spec.Policy, "policy", "", "the `name` of the policy")
	cmd.Flags().StringVar(&spec.Script, "script", "", "the `name` of the script")
	cmd.Flags().StringVar(&spec.Target, "target", "*", "what the point is asked `about`; * is anything")
	cmd.Flags().StringVar(&spec.DryRun, "dry-run", "", "the `name` of a policy to try beside it: the decision log has where they differ")
	cmd.MarkFlagsOneRequired("policy", "script")
	cmd.MarkFlagsMutuallyExclusive("script", "dry-run")
	cmd.MarkFlagsMutuallyExclusive("policy", "script")
	return cmd
}

func bindingGet(c *connection) *cobra.Command {
	var target string
	cmd := c.verb("get POINT", "show a binding", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			b, err := api.Bindings(c.scope).Get(cmd.Context(), args[0], target)
			if err != nil {
				return err
			}
			return show(c.format, cmd.OutOrStdout(), b)
		})
	cmd.Flags().StringVar(&target, "target", "*", "the `target` of the binding")
	return cmd
}

func bindingList(c *connection) *cobra.Command {
	return c.verb("list", "list the bindings of the scope itself", cobra.NoArgs,
		func(cmd *cobra.Command, api *client.Client, _ []string) error {
			bindings, err := api.Bindings(c.scope).All(cmd.Context())
			if err != nil {
				return err
			}
			return list(c.format, cmd.OutOrStdout(), bindings, "name", "target", "policy", "script", "dry_run", "updated_at")
		})
}

func bindingDelete(c *connection) *cobra.Command {
	var target string
	cmd := c.verb("delete POINT", "delete a binding", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			if err := api.Bindings(c.scope).Delete(cmd.Context(), args[0], target, ""); err != nil {
				return err
			}
			return c.gone(cmd, "deleted binding "+args[0]+" for "+target)
		})
	cmd.Flags().StringVar(&target, "target", "*", "the `target` of the binding")
	return cmd
}

func bindingEvaluate(c *connection) *cobra.Command {
	var target string
	var input inputFlag
	cmd := c.verb("evaluate POINT", "ask for the decision at a point", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			in, err := input.read(cmd)
			if err != nil {
				return err
			}
			d, err := api.EvaluatePoint(cmd.Context(), c.scope, args[0], target, in)
			if err != nil {
				return err
			}
			return decided(c, cmd, d)
		})
	cmd.Long = "Ask what is bound to a point for its decision. The exit code is 0 for allow and 1\nfor deny."
	cmd.Flags().StringVar(&target, "target", "", "what the point is asked `about`")
	input.register(cmd, "the input")
	return cmd
}
