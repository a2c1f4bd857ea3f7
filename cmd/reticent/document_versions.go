package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

// versioned are resources whose versions are kept: scripts and policies.
type versioned[R any] interface {
	Versions(ctx context.Context, name string) ([]client.DocumentVersion, error)
	Version(ctx context.Context, name string, version int) (R, error)
	Restore(ctx context.Context, name string, version int, ifMatch, note string) (R, error)
}

// versions lists the versions of a document, or shows one.
func (d documents[R]) versions(of func(*client.Client) versioned[R]) *cobra.Command {
	return d.c.verb("versions NAME [VERSION]", "list the versions of a "+d.kind+", or show one", cobra.RangeArgs(1, 2),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			if len(args) == 1 {
				versions, err := of(api).Versions(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return list(d.c.format, cmd.OutOrStdout(), versions, "version", "stored_at", "stored_by", "note")
			}
			n, err := versionNumber(args[1])
			if err != nil {
				return err
			}
			resource, err := of(api).Version(cmd.Context(), args[0], n)
			if err != nil {
				return err
			}
			return show(d.c.format, cmd.OutOrStdout(), resource)
		})
}

// restore stores an earlier version of a document again.
func (d documents[R]) restore(of func(*client.Client) versioned[R]) *cobra.Command {
	var note string
	cmd := d.c.verb("restore NAME VERSION", "store a "+d.kind+" again as it was in a version", cobra.ExactArgs(2),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			n, err := versionNumber(args[1])
			if err != nil {
				return err
			}
			resource, err := of(api).Restore(cmd.Context(), args[0], n, "", note)
			if err != nil {
				return err
			}
			version, warnings := d.about(resource)
			warn(cmd.ErrOrStderr(), d.kind+" "+args[0], warnings)
			return d.c.wrote(cmd, fmt.Sprintf("restored %s %s as it was in version %d, version %d", d.kind, args[0], n, version), resource)
		})
	noteFlag(cmd, &note)
	return cmd
}

func noteFlag(cmd *cobra.Command, note *string) {
	cmd.Flags().StringVar(note, "note", "", "what there is to `say` of this version")
}
