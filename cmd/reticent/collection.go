package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

// collection are the resources of a kind in a scope, as the client has them.
type collection[R any] interface {
	All(ctx context.Context) ([]R, error)
	Get(ctx context.Context, name string) (R, error)
	Put(ctx context.Context, name string, document any, ifMatch string) (R, bool, error)
	PutWithNote(ctx context.Context, name string, document any, ifMatch, note string) (R, bool, error)
	Delete(ctx context.Context, name, ifMatch string, force bool) error
}

// documents are the verbs that variables, scripts and policies have.
type documents[R any] struct {
	c    *connection
	kind string
	// of gives the resources of the scope.
	of func(*client.Client) collection[R]
	// columns are what a list shows.
	columns []string
	// about gives the version and the warnings of a resource.
	about func(R) (version int, warnings []string)
}

func (d documents[R]) get() *cobra.Command {
	return d.c.verb("get NAME", "show a "+d.kind, cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			resource, err := d.of(api).Get(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return show(d.c.format, cmd.OutOrStdout(), resource)
		})
}

func (d documents[R]) list() *cobra.Command {
	return d.c.verb("list", "list what there is in the scope itself", cobra.NoArgs,
		func(cmd *cobra.Command, api *client.Client, _ []string) error {
			resources, err := d.of(api).All(cmd.Context())
			if err != nil {
				return err
			}
			return list(d.c.format, cmd.OutOrStdout(), resources, d.columns...)
		})
}

func (d documents[R]) delete() *cobra.Command {
	var force bool
	cmd := d.c.verb("delete NAME", "delete a "+d.kind, cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			if err := d.of(api).Delete(cmd.Context(), args[0], "", force); err != nil {
				return err
			}
			return d.c.gone(cmd, "deleted "+d.kind+" "+args[0])
		})
	cmd.Flags().BoolVar(&force, "force", false, "delete it although others refer to it")
	return cmd
}

// put stores a document and tells of it.
func (d documents[R]) put(cmd *cobra.Command, api *client.Client, name string, document any) error {
	return d.putWithNote(cmd, api, name, document, "")
}

func (d documents[R]) putWithNote(cmd *cobra.Command, api *client.Client, name string, document any, note string) error {
	resource, created, err := d.of(api).PutWithNote(cmd.Context(), name, document, "", note)
	if err != nil {
		return err
	}
	version, warnings := d.about(resource)
	warn(cmd.ErrOrStderr(), d.kind+" "+name, warnings)
	return d.c.wrote(cmd, fmt.Sprintf("%s %s %s, version %d", putVerb(created), d.kind, name, version), resource)
}
