package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

func policyDiff(c *connection) *cobra.Command {
	var input inputFlag
	var recorded int
	cmd := c.verb("diff OLD NEW", "show where two policies, or versions of one, differ", cobra.ExactArgs(2),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			old, err := policyAt(c, cmd, api, args[0])
			if err != nil {
				return err
			}
			changed, err := policyAt(c, cmd, api, args[1])
			if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			if _, err := w.Write(sourceDiff(args, old, changed)); err != nil {
				return err
			}
			inputs, err := diffInputs(c, cmd, api, old.Name, input, recorded)
			if err != nil {
				return err
			}
			return decisionDiff(c, cmd, api, old.PolicySpec, changed.PolicySpec, inputs)
		})
	cmd.Long = `Show where the sources of two policies differ. Each is NAME, or NAME@VERSION for an
earlier version.

With --input or --recorded both are asked, as policies/test asks, and the exit code
is 1 if they decide otherwise on an input. Recorded inputs are masked: on those that
brought a secret both decide as on "***".`
	input.register(cmd, "an input to ask both on")
	cmd.Flags().IntVar(&recorded, "recorded", 0, "ask both on the inputs of the last `this many` decisions of the old one")
	return cmd
}

// policyAt gives a policy by NAME or NAME@VERSION.
func policyAt(c *connection, cmd *cobra.Command, api *client.Client, arg string) (client.Policy, error) {
	name, version, has := strings.Cut(arg, "@")
	if !has {
		return api.Policies(c.scope).Get(cmd.Context(), name)
	}
	n, err := versionNumber(version)
	if err != nil {
		return client.Policy{}, err
	}
	return api.Policies(c.scope).Version(cmd.Context(), name, n)
}

// sourceDiff compares policies by the lines of their files.
func sourceDiff(names []string, old, changed client.Policy) []byte {
	a, b := filesOf(old.PolicySpec), filesOf(changed.PolicySpec)
	all := maps.Clone(a)
	maps.Copy(all, b)
	var out bytes.Buffer
	for _, file := range slices.Sorted(maps.Keys(all)) {
		out.Write(diff.Diff(names[0]+" "+file, []byte(a[file]), names[1]+" "+file, []byte(b[file])))
	}
	return out.Bytes()
}

// filesOf gives the modules of a policy, and the rest of its document.
func filesOf(p client.PolicySpec) map[string]string {
	out := make(map[string]string)
	for name, text := range p.Modules {
		out[name] = text
	}
	if p.Source != "" {
		out["policy.rego"] = p.Source
	}
	p.Source, p.Modules = "", nil
	if text, err := json.MarshalIndent(p, "", "  "); err == nil {
		out["policy.json"] = string(text) + "\n"
	}
	return out
}

// diffInputs gives what both policies are asked on, by what it is called.
func diffInputs(c *connection, cmd *cobra.Command, api *client.Client, name string, file inputFlag, recorded int) (map[string]any, error) {
	out := make(map[string]any)
	in, err := file.read(cmd)
	if err != nil {
		return nil, err
	}
	if in != nil {
		out[file.file] = in
	}
	if recorded < 0 {
		return nil, errors.New("--recorded is at least 1")
	}
	if recorded == 0 {
		return out, nil
	}
	list, err := api.Decisions(cmd.Context(), c.scope, client.DecisionFilter{Policy: name}, recorded)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		whole, err := api.Decision(cmd.Context(), c.scope, x.ID)
		if err != nil {
			return nil, err
		}
		if whole.Input != nil {
			out[x.ID] = whole.Input
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no recorded decision of %s has its input; store it with record_input: true, or start the server with --record-decision-input", name)
	}
	return out, nil
}

// decisionDiff asks both policies, and says where they decide otherwise.
func decisionDiff(c *connection, cmd *cobra.Command, api *client.Client, old, changed client.PolicySpec, inputs map[string]any) error {
	if len(inputs) == 0 {
		return nil
	}
	differ := 0
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		a, err := api.TestPolicy(cmd.Context(), c.scope, old, inputs[name], "")
		if err != nil {
			return err
		}
		b, err := api.TestPolicy(cmd.Context(), c.scope, changed, inputs[name], "")
		if err != nil {
			return err
		}
		if x, y := decisionWord(a), decisionWord(b); x != y {
			differ++
			if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %s, then %s\n", name, x, y); err != nil {
				return err
			}
		}
	}
	if _, err := fmt.Fprintln(cmd.OutOrStdout(), "they decide otherwise on "+strconv.Itoa(differ)+" of "+strconv.Itoa(len(inputs))); err != nil {
		return err
	}
	return verdict(differ == 0)
}

func decisionWord(d client.Decision) string {
	switch {
	case d.Error != nil:
		return "error " + d.Error.Code
	case d.Decision:
		return "allow"
	}
	return "deny"
}
