package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/reticent/reticent/api/client"
	"github.com/reticent/reticent/policy"
)

func policyCommand(c *connection) *cobra.Command {
	d := documents[client.Policy]{
		c: c, kind: "policy",
		of:      func(api *client.Client) collection[client.Policy] { return api.Policies(c.scope) },
		columns: []string{"name", "language", "type", "version", "sealing_set", "updated_at"},
		about:   func(p client.Policy) (int, []string) { return p.Version, p.Warnings },
	}
	return group("policy", "policies in Rego, or as validators",
		policyPut(c, d), d.get(), d.list(), d.delete(), d.versions(policyVersions(c)), d.restore(policyVersions(c)), policyEvaluate(c), policyTest(c), policyCheck(c), policyDiff(c))
}

func policyVersions(c *connection) func(*client.Client) versioned[client.Policy] {
	return func(api *client.Client) versioned[client.Policy] { return api.Policies(c.scope) }
}

// policyHelp says what a policy's file is.
const policyHelp = `The file is a module of Rego (*.rego), or the whole document of a policy in YAML
or JSON, as the API takes it:

  language: validators
  validators:
    - name: header
      conf: {fields: [{field: X-Api-Key, comparator: equals, secret: API_KEY}]}`

func policyPut(c *connection, d documents[client.Policy]) *cobra.Command {
	var source sourceFlag
	var note string
	cmd := c.verb("put NAME", "store a policy", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			document, err := source.policy(cmd)
			if err != nil {
				return err
			}
			return source.place(d.putWithNote(cmd, api, args[0], document, note))
		})
	cmd.Long = "Store a policy.\n\n" + policyHelp
	source.register(cmd, "the policy")
	noteFlag(cmd, &note)
	return cmd
}

// policy reads the document of a policy.
func (f sourceFlag) policy(c *cobra.Command) (json.RawMessage, error) {
	text, err := f.read(c)
	if err != nil {
		return nil, err
	}
	if filepath.Ext(f.file) == ".rego" {
		return marshal(policy.Document{Language: policy.Rego, Source: text})
	}
	document, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.file, err)
	}
	return document, nil
}

func policyEvaluate(c *connection) *cobra.Command {
	var input inputFlag
	var explain explainFlag
	cmd := c.verb("evaluate NAME", "ask a policy for its decision", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			in, err := input.read(cmd)
			if err != nil {
				return err
			}
			d, err := api.EvaluatePolicy(cmd.Context(), c.scope, args[0], in, string(explain))
			if err != nil {
				return err
			}
			return decided(c, cmd, d)
		})
	cmd.Long = "Ask a policy for its decision. The exit code is 0 for allow and 1 for deny."
	input.register(cmd, "the input")
	explain.register(cmd)
	return cmd
}

// explainFlag is --explain: how much of an evaluation is told.
type explainFlag string

func (f *explainFlag) register(cmd *cobra.Command) {
	cmd.Flags().StringVar((*string)(f), "explain", "", "tell the steps of a Rego policy: `notes` (what print writes, and where) or full")
}

func policyTest(c *connection) *cobra.Command {
	var source sourceFlag
	var input inputFlag
	var explain explainFlag
	var suite suiteFlags
	ask := func(cmd *cobra.Command, api *client.Client, _ []string) error {
		document, err := source.policy(cmd)
		if err != nil {
			return err
		}
		in, err := input.read(cmd)
		if err != nil {
			return err
		}
		d, err := api.TestPolicy(cmd.Context(), c.scope, document, in, string(explain))
		if err != nil {
			return source.place(err)
		}
		return decided(c, cmd, d)
	}
	cmd := c.verb("test [PATH]...", "run the tests of Rego files, or ask a policy that is not stored", cobra.ArbitraryArgs, ask)
	dialled := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) > 0 && source.file != "":
			return errors.New("name files with tests, or ask one policy with --file")
		case len(args) > 0:
			return suite.run(c, cmd, args)
		case source.file == "":
			return errors.New("name a directory with tests, or a policy with --file")
		}
		return dialled(cmd, args)
	}
	cmd.Long = suiteHelp + "\n\nWith --file, ask a policy that is not stored for its decision, as if it were. The\nexit code is 0 for allow and 1 for deny.\n\n" + policyHelp
	source.optional(cmd, "the policy")
	suite.register(cmd)
	input.register(cmd, "the input")
	explain.register(cmd)
	return cmd
}
