package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

func projectCommand(c *connection) *cobra.Command {
	put := c.verb("create NAME", "create a project; one that exists stays as it is", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			return putScope(c, cmd, api, "project", client.Scope{Project: args[0]})
		})
	get := c.verb("get NAME", "show a project", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			return getScope(c, cmd, api, client.Scope{Project: args[0]})
		})
	return group("project", "projects, which have resources of their own", put, get)
}

func serviceCommand(c *connection) *cobra.Command {
	inProject := func(name string) (client.Scope, error) {
		if c.scope.Project == "" {
			return client.Scope{}, errors.New("--project is missing: a service belongs to one")
		}
		return client.Scope{Project: c.scope.Project, Service: name}, nil
	}
	put := c.verb("create NAME", "create a service of the project; one that exists stays as it is", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			scope, err := inProject(args[0])
			if err != nil {
				return err
			}
			return putScope(c, cmd, api, "service", scope)
		})
	get := c.verb("get NAME", "show a service of the project", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			scope, err := inProject(args[0])
			if err != nil {
				return err
			}
			return getScope(c, cmd, api, scope)
		})
	return group("service", "services of a project, which have resources of their own", put, get)
}

func putScope(c *connection, cmd *cobra.Command, api *client.Client, kind string, scope client.Scope) error {
	info, created, err := api.PutScope(cmd.Context(), scope)
	if err != nil {
		return err
	}
	if !created {
		return c.wrote(cmd, kind+" "+info.Name+" exists", info)
	}
	return c.wrote(cmd, "created "+kind+" "+info.Name, info)
}

func getScope(c *connection, cmd *cobra.Command, api *client.Client, scope client.Scope) error {
	info, err := api.Scope(cmd.Context(), scope)
	if err != nil {
		return err
	}
	return show(c.format, cmd.OutOrStdout(), info)
}
