package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

func tokenCommand(c *connection) *cobra.Command {
	return group("token", "API tokens: who is let in by this server itself",
		tokenCreate(c), tokenList(c), tokenGet(c), tokenExpire(c), tokenRevoke(c))
}

func tokenCreate(c *connection) *cobra.Command {
	var spec client.TokenSpec
	var expires string
	var lasts time.Duration
	cmd := c.verb("create", "make a token and print it, this once", cobra.NoArgs,
		func(cmd *cobra.Command, api *client.Client, _ []string) (err error) {
			if spec.ExpiresAt, err = tokenEnd(expires, lasts); err != nil {
				return err
			}
			token, err := api.Tokens(c.scope).Create(cmd.Context(), spec)
			if err != nil {
				return err
			}
			say(cmd.ErrOrStderr(), "created %s; the token is not shown again", token.Subject)
			return c.wrote(cmd, token.Value, token)
		})
	cmd.Long = `Make a token and print it to standard output, this once; standard error says which
it is. It may do what its role may in the scope where it is made (--project,
--service) and below, and what grants give to "token:ID".`
	flags := cmd.Flags()
	flags.StringVar(&spec.Role, "role", "", "its `role`: admin, author, evaluator or auditor; none leaves it to grants")
	flags.StringVar(&spec.Description, "description", "", "a `text` for people")
	flags.StringVar(&expires, "expires-at", "", "when it ends, as `2030-01-31T12:00:00Z`")
	flags.DurationVar(&lasts, "expires-in", 0, "or how `long` it lasts, as 720h")
	return cmd
}

// tokenEnd reads when a token ends; nil is never.
func tokenEnd(at string, lasts time.Duration) (*time.Time, error) {
	switch {
	case at != "" && lasts != 0:
		return nil, errors.New("give --expires-at or --expires-in")
	case lasts < 0:
		return nil, errors.New("--expires-in is a duration from now on")
	case lasts > 0:
		end := time.Now().Add(lasts).UTC().Truncate(time.Second)
		return &end, nil
	case at == "":
		return nil, nil
	}
	end, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return nil, errors.New("--expires-at is a time as 2030-01-31T12:00:00Z (RFC 3339)")
	}
	return &end, nil
}

func tokenList(c *connection) *cobra.Command {
	return c.verb("list", "list the tokens of the scope itself", cobra.NoArgs,
		func(cmd *cobra.Command, api *client.Client, _ []string) error {
			tokens, err := api.Tokens(c.scope).All(cmd.Context())
			if err != nil {
				return err
			}
			return list(c.format, cmd.OutOrStdout(), tokens, "id", "role", "description", "created_by", "expires_at", "expired")
		})
}

func tokenGet(c *connection) *cobra.Command {
	return c.verb("get ID", "show what a token is for", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			token, err := api.Tokens(c.scope).Get(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return show(c.format, cmd.OutOrStdout(), token)
		})
}

func tokenExpire(c *connection) *cobra.Command {
	var at string
	var lasts time.Duration
	cmd := c.verb("expire ID", "end a token, and leave what was stored with it", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			end, err := tokenEnd(at, lasts)
			if err != nil {
				return err
			}
			if end == nil {
				now := time.Now().Add(-time.Second).UTC().Truncate(time.Second)
				end = &now
			}
			token, err := api.Tokens(c.scope).Expire(cmd.Context(), args[0], end, "")
			if err != nil {
				return err
			}
			return c.wrote(cmd, fmt.Sprintf("token %s ends at %s", token.ID, token.ExpiresAt.Format(time.RFC3339)), token)
		})
	cmd.Long = `End a token, now or at a time. Scripts and policies that were stored with it stay as
they are: what it may do as their author is untouched. To take that away too,
revoke it.`
	cmd.Flags().StringVar(&at, "expires-at", "", "when it ends, as `2030-01-31T12:00:00Z`; now if nothing is said")
	cmd.Flags().DurationVar(&lasts, "expires-in", 0, "or how `long` it still lasts")
	return cmd
}

func tokenRevoke(c *connection) *cobra.Command {
	var force bool
	cmd := c.verb("revoke ID", "delete a token and all that it may do", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			if err := api.Tokens(c.scope).Revoke(cmd.Context(), args[0], "", force); err != nil {
				return err
			}
			return c.gone(cmd, "revoked token "+args[0])
		})
	cmd.Long = `Delete a token. It is let in no more, at once, and scripts and policies that name
secrets and were stored with it deny. Where there are such, it is refused and
they are named: store them with another token first, or let the token expire.`
	cmd.Flags().BoolVar(&force, "force", false, "revoke it although what was stored with it will deny")
	return cmd
}
