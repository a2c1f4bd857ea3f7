package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

// evaluation is a question for a decision.
type evaluation struct {
	subject, action, resource string
	input                     inputFlag
	policy, script            string
}

func evalCommand(c *connection) *cobra.Command {
	var e evaluation
	cmd := c.verb("eval", "ask for a decision", cobra.NoArgs,
		func(cmd *cobra.Command, api *client.Client, _ []string) error { return e.ask(c, cmd, api) })
	cmd.Long = `Ask for a decision and print it. The exit code is 0 for allow, 1 for deny, and 2
when there was no answer.

The question is one of OpenID AuthZEN, and what is bound to the type of its
resource in the project or service answers:

  reticent eval --subject user:alice --action read --resource order:1
  reticent eval --input request.json

With --policy or --script, the named one answers, and --input is its input. A
script answers with {decision: true or false}.`
	flags := cmd.Flags()
	flags.StringVar(&e.subject, "subject", "", "who asks, `TYPE:ID`")
	flags.StringVar(&e.action, "action", "", "the `name` of what is to be done")
	flags.StringVar(&e.resource, "resource", "", "what it is to be done to, `TYPE:ID`")
	flags.StringVar(&e.policy, "policy", "", "ask the policy of this `name`")
	flags.StringVar(&e.script, "script", "", "ask the script of this `name`")
	e.input.register(cmd, "the whole question, or the input of a policy or script,")
	cmd.MarkFlagsRequiredTogether("subject", "action", "resource")
	cmd.MarkFlagsMutuallyExclusive("subject", "policy", "script")
	cmd.MarkFlagsMutuallyExclusive("subject", "input")
	cmd.MarkFlagsOneRequired("subject", "input", "policy", "script")
	return cmd
}

func (e *evaluation) ask(c *connection, cmd *cobra.Command, api *client.Client) error {
	in, err := e.input.read(cmd)
	if err != nil {
		return err
	}
	switch {
	case e.policy != "":
		d, err := api.EvaluatePolicy(cmd.Context(), c.scope, e.policy, in, "")
		if err != nil {
			return err
		}
		return decided(c, cmd, d)
	case e.script != "":
		r, err := api.RunScript(cmd.Context(), c.scope, e.script, in)
		if err != nil {
			return err
		}
		return decidedByScript(c, cmd, r)
	}
	if e.subject != "" {
		if in, err = e.question(); err != nil {
			return err
		}
	}
	d, err := api.Evaluation(cmd.Context(), c.scope, in)
	if err != nil {
		return err
	}
	return decidedByAuthZEN(c, cmd, d)
}

// entity is a subject or a resource.
type entity struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// question makes a question of the flags.
func (e *evaluation) question() (any, error) {
	subject, err := parseEntity("--subject", e.subject)
	if err != nil {
		return nil, err
	}
	resource, err := parseEntity("--resource", e.resource)
	if err != nil {
		return nil, err
	}
	return map[string]any{"subject": subject, "resource": resource, "action": map[string]string{"name": e.action}}, nil
}

func parseEntity(flag, text string) (entity, error) {
	kind, id, ok := strings.Cut(text, ":")
	if !ok || kind == "" || id == "" {
		return entity{}, fmt.Errorf("%s is TYPE:ID", flag)
	}
	return entity{kind, id}, nil
}

// decidedByScript prints the decision that a script returned. Anything but
// {decision: true} is a deny.
func decidedByScript(c *connection, cmd *cobra.Command, r client.RunResult) error {
	if r.Error != nil {
		return ran(c, cmd, r)
	}
	var returned struct {
		Decision bool `json:"decision"`
	}
	if json.Unmarshal(r.Output, &returned) != nil {
		returned.Decision = false
	}
	if c.format.json {
		if err := printJSON(cmd.OutOrStdout(), r); err != nil {
			return err
		}
		return verdict(returned.Decision)
	}
	sayMasked(cmd.ErrOrStderr(), r.Masked)
	return printVerdict(cmd, returned.Decision)
}
