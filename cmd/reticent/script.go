package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

func scriptCommand(c *connection) *cobra.Command {
	d := documents[client.Script]{
		c: c, kind: "script",
		of:      func(api *client.Client) collection[client.Script] { return api.Scripts(c.scope) },
		columns: []string{"name", "version", "sealing_set", "updated_at"},
		about:   func(s client.Script) (int, []string) { return s.Version, s.Warnings },
	}
	return group("script", "JavaScript and TypeScript that the server runs over sealed secrets",
		scriptPut(c, d), d.get(), d.list(), d.delete(), d.versions(scriptVersions(c)), d.restore(scriptVersions(c)), scriptRun(c), scriptRuns(c), scriptTest(c), scriptTypes(), scriptNew())
}

func scriptVersions(c *connection) func(*client.Client) versioned[client.Script] {
	return func(api *client.Client) versioned[client.Script] { return api.Scripts(c.scope) }
}

func scriptPut(c *connection, d documents[client.Script]) *cobra.Command {
	var source sourceFlag
	var secrets []string
	var description, kind, note string
	var recordInput bool
	cmd := c.verb("put NAME", "store a script", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			text, err := source.read(cmd)
			if err != nil {
				return err
			}
			return source.place(d.putWithNote(cmd, api, args[0],
				client.ScriptSpec{Source: text, Language: source.language(), Kind: kind, Secrets: secrets, Description: description, RecordInput: recordInput}, note))
		})
	source.register(cmd, "the source")
	noteFlag(cmd, &note)
	cmd.Flags().StringSliceVar(&secrets, "secrets", nil, "the `names` of secrets that it reads by computed names")
	cmd.Flags().StringVar(&kind, "kind", "", "script, or `module` for a library that scripts require")
	cmd.Flags().StringVar(&description, "description", "", "a `text` for people")
	cmd.Flags().BoolVar(&recordInput, "record-input", false, "have the records of runs tell the input, redacted")
	return cmd
}

func scriptRun(c *connection) *cobra.Command {
	var input inputFlag
	cmd := c.verb("run NAME", "run a script", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			in, err := input.read(cmd)
			if err != nil {
				return err
			}
			result, err := api.RunScript(cmd.Context(), c.scope, args[0], in)
			if err != nil {
				return err
			}
			return ran(c, cmd, result)
		})
	cmd.Long = `Run a script and print what it returned. What it logged goes to standard error.
Secrets in both are masked.`
	input.register(cmd, "context.input")
	return cmd
}

// ran prints the result of a run. One that failed is an error.
func ran(c *connection, cmd *cobra.Command, r client.RunResult) error {
	if c.format.json {
		if err := printJSON(cmd.OutOrStdout(), r); err != nil {
			return err
		}
	} else if err := ranForPeople(cmd.OutOrStdout(), cmd.ErrOrStderr(), r); err != nil {
		return err
	}
	if r.Error != nil {
		return scriptError(r.Error)
	}
	return nil
}

func ranForPeople(out, log io.Writer, r client.RunResult) error {
	for _, line := range r.Console {
		fmt.Fprintln(log, printable(line.Level+": "+line.Text))
	}
	if r.Error != nil {
		return nil
	}
	sayMasked(log, r.Masked)
	return printJSON(out, r.Output)
}

func scriptError(e *client.RunError) error {
	if e.Line > 0 && e.Module != "" {
		return fmt.Errorf("module %s:%d:%d: %s (%s)", e.Module, e.Line, e.Column, e.Message, e.Code)
	}
	if e.Line > 0 {
		return fmt.Errorf("%d:%d: %s (%s)", e.Line, e.Column, e.Message, e.Code)
	}
	return fmt.Errorf("%s (%s)", e.Message, e.Code)
}

// sayMasked tells which secrets stood where.
func sayMasked(w io.Writer, masked []client.Masked) {
	for _, m := range masked {
		say(w, "masked at %s: %s", m.Path, strings.Join(m.Secrets, ", "))
	}
}
