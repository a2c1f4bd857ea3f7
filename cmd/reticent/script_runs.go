package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

// scriptRuns lists the records of runs, or shows one.
func scriptRuns(c *connection) *cobra.Command {
	var f client.ExecutionFilter
	var since time.Duration
	var limit int
	cmd := c.verb("runs [ID]", "list the records of runs, or show one", cobra.MaximumNArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			if len(args) == 1 {
				x, err := api.Execution(cmd.Context(), c.scope, args[0])
				if err != nil {
					return err
				}
				return show(c.format, cmd.OutOrStdout(), x)
			}
			if limit < 1 {
				return errors.New("--limit is at least 1")
			}
			if since > 0 {
				f.Since = time.Now().Add(-since)
			}
			runs, err := api.Executions(cmd.Context(), c.scope, f, limit)
			if err != nil {
				return err
			}
			return list(c.format, cmd.OutOrStdout(), runs, "started", "script", "point", "outcome", "duration_ms", "id")
		})
	cmd.Long = `List the runs of scripts that the scope, or one beneath it, asked for, the newest
first; with an ID, show the whole record of one. Everything in it is masked.`
	flags := cmd.Flags()
	flags.StringVar(&f.Script, "script", "", "those of this `script`")
	flags.StringVar(&f.Point, "point", "", "those that answered this `point`: run, test, or a point with a binding")
	flags.StringVar(&f.Outcome, "outcome", "", "those with this `outcome`: output, error, or an error's code")
	flags.DurationVar(&since, "since", 0, "those that started in the last `duration`")
	flags.IntVar(&limit, "limit", 20, "at most `this many`")
	return cmd
}
