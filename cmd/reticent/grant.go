package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/reticent/reticent/api/client"
)

func grantCommand(c *connection) *cobra.Command {
	d := documents[client.Grant]{
		c: c, kind: "grant",
		of:      func(api *client.Client) collection[client.Grant] { return api.Grants(c.scope) },
		columns: []string{"name", "subject", "role", "permissions", "kinds", "names", "tag"},
		about:   func(g client.Grant) (int, []string) { return g.Version, g.Warnings },
	}
	return group("grant", "who may do what, in the scope and below", grantPut(c, d), d.get(), d.list(), d.delete())
}

func grantPut(c *connection, d documents[client.Grant]) *cobra.Command {
	var spec client.GrantSpec
	cmd := c.verb("put NAME", "give somebody a role or permissions", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			return d.put(cmd, api, args[0], spec)
		})
	cmd.Long = `Give somebody a role, or permissions, in the scope (--project, --service) and in
those below.

A role is one of
  admin      everything
  author     write, test and run scripts and policies; see secrets' metadata
  evaluator  run and ask what is stored
  auditor    see everything but values

and a permission one of create, read, update, delete, use and execute. "use" lets
scripts and policies of a subject name a secret; no role but admin has it.`
	flags := cmd.Flags()
	flags.StringVar(&spec.Subject, "subject", "", "to `whom`: token:ID, user:ISSUER:SUBJECT, group:NAME or group:ISSUER:NAME")
	flags.StringVar(&spec.Role, "role", "", "the `role`")
	flags.StringSliceVar(&spec.Permissions, "permissions", nil, "the `permissions`")
	flags.StringSliceVar(&spec.Kinds, "kinds", nil, "on which `kinds`; secrets, keys and what authors write if nothing is said")
	flags.StringVar(&spec.Names, "names", "", "only on what is named so; * stands for any `text`")
	flags.StringVar(&spec.Tag, "tag", "", "only on secrets that have this tag, `KEY:VALUE`")
	flags.StringVar(&spec.Description, "description", "", "a `text` for people")
	if err := cmd.MarkFlagRequired("subject"); err != nil {
		panic(err) // there is such a flag
	}
	return cmd
}

func groupCommand(c *connection) *cobra.Command {
	d := documents[client.Group]{
		c: c, kind: "group",
		of:      func(api *client.Client) collection[client.Group] { return api.Groups() },
		columns: []string{"name", "members", "description", "updated_at"},
		about:   func(g client.Group) (int, []string) { return g.Version, g.Warnings },
	}
	return group("group", "groups of tokens and users; they are the platform's", groupPut(c, d), d.get(), d.list(), d.delete())
}

func groupPut(c *connection, d documents[client.Group]) *cobra.Command {
	var spec client.GroupSpec
	cmd := c.verb("put NAME", "say who is in a group", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			spec.Members = append([]string{}, spec.Members...) // [] and not null
			return d.put(cmd, api, args[0], spec)
		})
	cmd.Flags().StringArrayVar(&spec.Members, "member", nil, "a `subject`: token:ID, user:ISSUER:SUBJECT or group:ISSUER:NAME; repeatable")
	cmd.Flags().StringVar(&spec.Description, "description", "", "a `text` for people")
	return cmd
}

func issuerCommand(c *connection) *cobra.Command {
	d := documents[client.Issuer]{
		c: c, kind: "issuer",
		of:      func(api *client.Client) collection[client.Issuer] { return api.Issuers() },
		columns: []string{"name", "issuer", "audiences", "jwks_url", "updated_at"},
		about:   func(i client.Issuer) (int, []string) { return i.Version, i.Warnings },
	}
	return group("issuer", "whose signed tokens are taken; they are the platform's", issuerPut(c, d), d.get(), d.list(), d.delete())
}

func issuerPut(c *connection, d documents[client.Issuer]) *cobra.Command {
	var source sourceFlag
	cmd := c.verb("put NAME", "take the tokens of an issuer", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			text, err := source.read(cmd)
			if err != nil {
				return err
			}
			document, err := yaml.YAMLToJSONStrict([]byte(text))
			if err != nil {
				return fmt.Errorf("%s: %w", source.file, err)
			}
			return d.put(cmd, api, args[0], json.RawMessage(document))
		})
	cmd.Long = `Take the signed tokens of an OpenID Connect or OAuth issuer. The file is YAML or JSON,
as the API takes it:

  issuer: https://login.example.com
  audiences: [reticent]
  jwks_url: https://login.example.com/jwks.json
  groups_claim: groups

Its tokens make principals "user:NAME:SUBJECT" with groups "group:NAME:GROUP",
which grants and groups may name.`
	source.register(cmd, "the issuer")
	return cmd
}
