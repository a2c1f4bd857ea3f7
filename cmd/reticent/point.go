package main

import (
	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

func pointCommand(c *connection) *cobra.Command {
	return group("point", "what is asked at an execution point, and answered by what is bound there", pointRun(c), pointEvaluate(c))
}

// pointFlags are what both ask with.
type pointFlags struct {
	target string
	input  inputFlag
}

func (f *pointFlags) register(cmd *cobra.Command, what string) {
	cmd.Flags().StringVar(&f.target, "target", "", "the `provider, server or client` that asks; without it what is bound to *")
	f.input.register(cmd, what)
}

func pointRun(c *connection) *cobra.Command {
	var f pointFlags
	cmd := c.verb("run POINT", "run the script that is bound to a point", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			in, err := f.input.read(cmd)
			if err != nil {
				return err
			}
			result, err := api.RunPoint(cmd.Context(), c.scope, args[0], f.target, in)
			if err != nil {
				return err
			}
			return ranAtPoint(c, cmd, result)
		})
	cmd.Long = `Run the script that is bound to a point for a target, as an authorization server
does, and print what becomes of the context. What the script logged, and what it
returned that changes nothing, goes to standard error.`
	f.register(cmd, "the context of the point")
	return cmd
}

// ranAtPoint prints what became of a context.
func ranAtPoint(c *connection, cmd *cobra.Command, r client.PointResult) error {
	if c.format.json {
		if err := printJSON(cmd.OutOrStdout(), r); err != nil {
			return err
		}
		if r.Error != nil {
			return scriptError(r.Error)
		}
		return nil
	}
	log := cmd.ErrOrStderr()
	if r.Script == nil && r.Error == nil {
		say(log, "no script is bound to it; nothing changes")
	}
	for _, pointer := range r.Ignored {
		say(log, "ignored %s: the point changes no such thing", printable(pointer))
	}
	return ran(c, cmd, r.RunResult)
}

func pointEvaluate(c *connection) *cobra.Command {
	var f pointFlags
	cmd := c.verb("evaluate POINT", "ask what is bound to a point for a decision", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			in, err := f.input.read(cmd)
			if err != nil {
				return err
			}
			d, err := api.EvaluatePoint(cmd.Context(), c.scope, args[0], f.target, in)
			if err != nil {
				return err
			}
			return decided(c, cmd, d)
		})
	cmd.Long = `Ask what is bound to a point for a target for a decision, and print it. The exit
code is 0 for allow, 1 for deny, and 2 when there was no answer.`
	f.register(cmd, "the input of the decision")
	return cmd
}
