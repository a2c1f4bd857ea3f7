package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/reticent/reticent/api/client"
	"github.com/reticent/reticent/script/trial"
	"github.com/reticent/reticent/secretstore"
)

func scriptTest(c *connection) *cobra.Command {
	var source sourceFlag
	var input inputFlag
	var secrets, variables string
	cmd := &cobra.Command{
		Use: "test (-f FILE | FILE.test.js...)", Short: "run test files of scripts here, or a script on the server that is not stored",
		Long: `With test files, run them on this machine, without a server. A test file is
JavaScript or TypeScript that uses node:test; it can require the scripts beside it
and the libraries in the folder modules beside it. Secrets are sealed in it as on a
server, and fetch is answered by its fixtures. The report is TAP, or JSON with
-o json; the exit code is 1 when a test fails.

With -f, send one script to the server and run it there as if it were stored.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				if source.file != "" {
					return errors.New("give -f, or test files, not both")
				}
				return trialOf(c, cmd, args, secrets, variables)
			}
			if source.file == "" {
				return errors.New("give test files, or -f with a script for the server")
			}
			api, err := c.dial()
			if err != nil {
				return err
			}
			return testOnServer(c, cmd, api, source, input)
		},
	}
	source.optional(cmd, "a source for the server")
	input.register(cmd, "context.input, with -f")
	cmd.Flags().StringVar(&secrets, "secrets", "", "a `file` with the secrets of the tests, in YAML or JSON: a value by name, or an object of value, allowed_hosts and what else the API takes")
	cmd.Flags().StringVar(&variables, "variables", "", "a `file` with the variables of the tests: a value by name")
	return cmd
}

// testOnServer runs a script that is not stored.
func testOnServer(c *connection, cmd *cobra.Command, api *client.Client, source sourceFlag, input inputFlag) error {
	text, err := source.read(cmd)
	if err != nil {
		return err
	}
	in, err := input.read(cmd)
	if err != nil {
		return err
	}
	result, err := api.TestScript(cmd.Context(), c.scope, client.ScriptSpec{Source: text, Language: source.language()}, in)
	if err != nil {
		return source.place(err)
	}
	return ran(c, cmd, result)
}

// trialOf runs test files and reports.
func trialOf(c *connection, cmd *cobra.Command, files []string, secrets, variables string) error {
	config, err := trialConfig(secrets, variables)
	if err != nil {
		return err
	}
	cases := []trial.Case{}
	for _, file := range files {
		config.File = file
		report, err := trial.Run(cmd.Context(), config)
		if err != nil {
			return err
		}
		for _, line := range report.Console {
			fmt.Fprintln(cmd.ErrOrStderr(), printable(line.Level+": "+line.Text))
		}
		cases = append(cases, report.Cases...)
	}
	if c.format.json {
		err = printJSON(cmd.OutOrStdout(), cases)
	} else {
		err = printTAP(cmd.OutOrStdout(), cases)
	}
	if err != nil {
		return err
	}
	for _, one := range cases {
		if !one.OK && !one.Todo {
			return errDenied
		}
	}
	return nil
}

// trialConfig reads the files of secrets and variables.
func trialConfig(secrets, variables string) (trial.Config, error) {
	config := trial.Config{Secrets: map[string]secretstore.Spec{}}
	values, err := membersOf(secrets)
	if err != nil {
		return config, err
	}
	for name, raw := range values {
		var spec secretstore.Spec
		if raw[0] != '{' {
			if raw, err = json.Marshal(map[string]json.RawMessage{"value": raw}); err != nil {
				return config, err
			}
		}
		if err := secretstore.Decode(raw, &spec); err != nil {
			return config, hint(fmt.Errorf("%s: secret %s: %w", secrets, name, err), "a structured secret is written {value: {...}}")
		}
		config.Secrets[name] = spec
	}
	config.Variables, err = membersOf(variables)
	return config, err
}

// membersOf reads an object of a YAML or JSON file; no file has none.
func membersOf(file string) (map[string]json.RawMessage, error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	text, err := readAtMost(f, MaxManifestBytes, "MaxManifestBytes")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var out map[string]json.RawMessage
	raw, err := yaml.YAMLToJSONStrict(text)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil { // which may quote a secret
		return nil, fmt.Errorf("%s: it is not an object in YAML or JSON", file)
	}
	return out, nil
}

// printTAP prints a report as the Test Anything Protocol, version 14, has it.
func printTAP(w io.Writer, cases []trial.Case) error {
	var b strings.Builder
	fmt.Fprintf(&b, "TAP version 14\n1..%d\n", len(cases))
	passed := 0
	for i, one := range cases {
		state, directive := "ok", ""
		switch {
		case one.Skipped:
			directive = " # SKIP"
		case one.Todo:
			directive = " # TODO"
		}
		if !one.OK {
			state = "not ok"
		} else {
			passed++
		}
		fmt.Fprintf(&b, "%s %d - %s%s\n", state, i+1, printable(strings.ReplaceAll(one.Name, "#", `\#`)), directive)
		if f := one.Error; f != nil {
			fmt.Fprintf(&b, "  ---\n  message: %s\n  code: %s\n", quoted(f.Message), f.Code)
			if f.Line > 0 {
				fmt.Fprintf(&b, "  at: %s:%d:%d\n", f.File, f.Line, f.Column)
			}
			b.WriteString("  ...\n")
		}
	}
	fmt.Fprintf(&b, "# %d of %d passed\n", passed, len(cases))
	_, err := io.WriteString(w, b.String())
	return err
}

// quoted is a text as YAML has it, which JSON is.
func quoted(s string) string {
	raw, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(raw)
}
