package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

// verdict gives the exit code of a decision, as an error.
func verdict(allow bool) error {
	if allow {
		return nil
	}
	return errDenied
}

// printVerdict prints a decision for people.
func printVerdict(cmd *cobra.Command, allow bool) error {
	word := "deny"
	if allow {
		word = "allow"
	}
	if _, err := fmt.Fprintln(cmd.OutOrStdout(), word); err != nil {
		return err
	}
	return verdict(allow)
}

// decided prints the decision of a policy. Why it denied goes to standard error.
func decided(c *connection, cmd *cobra.Command, d client.Decision) error {
	if c.format.json {
		if err := printJSON(cmd.OutOrStdout(), d); err != nil {
			return err
		}
		return verdict(d.Decision)
	}
	w := cmd.ErrOrStderr()
	for _, line := range d.Explanation {
		fmt.Fprintln(w, line)
	}
	for _, line := range d.Print {
		say(w, "print: %s", line)
	}
	for _, f := range d.Failures {
		say(w, "failed: %s", failureText(f))
	}
	if e := d.Error; e != nil {
		say(w, "the policy could not be evaluated: %s (%s)", e.Message, e.Code)
	}
	sayMasked(w, d.Masked)
	return printVerdict(cmd, d.Decision)
}

func failureText(f client.Failure) string {
	var parts []string
	for _, part := range []string{f.Validator, f.Field, f.Message, textOf(f.Details)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}

// decidedByAuthZEN prints the answer to a question of AuthZEN. Its context goes
// to standard error.
func decidedByAuthZEN(c *connection, cmd *cobra.Command, d client.AuthZENDecision) error {
	if c.format.json {
		if err := printJSON(cmd.OutOrStdout(), d); err != nil {
			return err
		}
		return verdict(d.Decision)
	}
	for _, member := range slices.Sorted(maps.Keys(d.Context)) {
		say(cmd.ErrOrStderr(), "%s: %s", member, textOf(d.Context[member]))
	}
	return printVerdict(cmd, d.Decision)
}
