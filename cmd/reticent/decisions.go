package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

func decisionCommand(c *connection) *cobra.Command {
	return group("decision", "the decisions that were given", decisionList(c), decisionGet(c))
}

func decisionList(c *connection) *cobra.Command {
	var f client.DecisionFilter
	var since time.Duration
	var limit int
	cmd := c.verb("list", "list decisions, the newest first", cobra.NoArgs,
		func(cmd *cobra.Command, api *client.Client, _ []string) error {
			if limit < 1 {
				return errors.New("--limit is at least 1")
			}
			if since > 0 {
				f.Since = time.Now().Add(-since)
			}
			decisions, err := api.Decisions(cmd.Context(), c.scope, f, limit)
			if err != nil {
				return err
			}
			return list(c.format, cmd.OutOrStdout(), decisions, "started", "policy", "point", "target", "outcome", "principal", "duration_ms", "id")
		})
	cmd.Long = `List the decisions that the scope, or one beneath it, asked for, the newest
first.`
	flags := cmd.Flags()
	flags.StringVar(&f.Policy, "policy", "", "those of this `policy`")
	flags.StringVar(&f.Point, "point", "", "those asked at this `point`: evaluate, opa, or a point with a binding")
	flags.StringVar(&f.Principal, "principal", "", "those that this `principal` asked for")
	flags.StringVar(&f.Outcome, "outcome", "", "those with this `outcome`: allow, deny or error")
	flags.BoolVar(&f.Differs, "differs", false, "those whose candidate decided otherwise or failed")
	flags.DurationVar(&since, "since", 0, "those of the last `duration`")
	flags.IntVar(&limit, "limit", 20, "at most `this many`")
	return cmd
}

func decisionGet(c *connection) *cobra.Command {
	cmd := c.verb("get ID", "show the record of a decision", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			x, err := api.Decision(cmd.Context(), c.scope, args[0])
			if err != nil {
				return err
			}
			return show(c.format, cmd.OutOrStdout(), x)
		})
	cmd.Long = "Show the whole record of a decision. Everything in it is masked."
	return cmd
}
