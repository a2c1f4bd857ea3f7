package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

// action is what a verb does, with a client of the server.
type action func(cmd *cobra.Command, api *client.Client, args []string) error

// verb makes a command that asks the server.
func (c *connection) verb(use, short string, args cobra.PositionalArgs, do action) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: args,
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.dial()
			if err != nil {
				return err
			}
			return do(cmd, api, args)
		},
	}
}

// group makes a command that only has others below it.
func group(use, short string, verbs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(verbs...)
	return c
}

// wrote tells what a verb did: in a sentence, or as the JSON of what it gave.
func (c *connection) wrote(cmd *cobra.Command, sentence string, resource any) error {
	if c.format.json {
		return printJSON(cmd.OutOrStdout(), resource)
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), sentence)
	return err
}

// gone tells that something is no more. Of that there is no JSON.
func (c *connection) gone(cmd *cobra.Command, sentence string) error {
	if c.format.json {
		return nil
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), sentence)
	return err
}

func putVerb(created bool) string {
	if created {
		return "created"
	}
	return "replaced"
}
