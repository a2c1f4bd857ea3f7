package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

func keyStatus(c *connection) *cobra.Command {
	return c.verb("status", "show the server's own key and its rotation", cobra.NoArgs,
		func(cmd *cobra.Command, api *client.Client, _ []string) error {
			kek, err := api.KEK(cmd.Context())
			if err != nil {
				return err
			}
			return show(c.format, cmd.OutOrStdout(), kek)
		})
}

func keyRotate(c *connection) *cobra.Command {
	var to string
	var detach bool
	cmd := c.verb("rotate", "give the server's data a new key-encryption key", cobra.NoArgs,
		func(cmd *cobra.Command, api *client.Client, _ []string) error {
			kek, err := api.RotateKEK(cmd.Context(), to)
			if err != nil {
				return err
			}
			id := kek.Rotation.KEK
			if detach {
				return c.wrote(cmd, "began to rotate to "+id, kek)
			}
			if kek, err = rotated(cmd, api, id); err != nil {
				return err
			}
			return c.wrote(cmd, fmt.Sprintf("rotated to %s in %s", id, kek.Key), kek)
		})
	cmd.Long = `Make a new key-encryption key and wrap all that is encrypted anew. The server goes
on meanwhile, and the old key is dropped at the end. If the server stops in between,
it goes on at its next start, with the old --key or the new one.

With --to, the new key is kept in or under another key, of those that the server was
started with --key-to for. Afterwards start the server with --key and that URI.

This command shows how far it is and ends when it is done. To interrupt it does not
interrupt the rotation; "reticent key status" shows it again.`
	cmd.Flags().StringVar(&to, "to", "", "keep the new key in or under another key, the `URI` of serve --key-to")
	cmd.Flags().BoolVar(&detach, "detach", false, "do not wait for the end")
	return cmd
}

// rotated waits for the end of a rotation and tells how far it is.
func rotated(cmd *cobra.Command, api *client.Client, id string) (client.KEK, error) {
	told := ""
	for {
		kek, err := api.KEK(cmd.Context())
		if err != nil {
			return kek, err
		}
		r := kek.Rotation
		switch {
		case r == nil || r.KEK != id:
			return kek, errors.New("the server was started again, or rotates to another key; see reticent key status")
		case r.FinishedAt != nil:
			return kek, nil
		}
		now := fmt.Sprintf("wrapped %d of %d rows anew", r.Rewrapped, r.Total)
		if r.Problem != "" {
			now += "; it does not go on and is tried again: " + r.Problem
		}
		if now != told {
			say(cmd.ErrOrStderr(), "%s", now)
			told = now
		}
		if err := pause(cmd.Context(), ProgressInterval); err != nil {
			return kek, err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
