package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/reticent/reticent/policy/rego"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/seal"
)

// suiteHelp says what tests are.
const suiteHelp = `Run the tests of Rego files, without a server: the rules whose names begin with
test_, of the files and directories that are named. They pass if they are true.
Secrets come from --secrets, a file of YAML or JSON with a value by name, and are
sealed as on the server. data.json and data.yaml are documents below data, by
their directory. The exit code is 1 if a test fails.`

// suiteFlags are how tests are run.
type suiteFlags struct {
	secrets  string
	coverage bool
	v0       bool
}

func (f *suiteFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.secrets, "secrets", "", "a `file` with values for the secrets of tests")
	cmd.Flags().BoolVar(&f.coverage, "coverage", false, "tell how much of the rules the tests evaluate, and the lines that they do not")
	cmd.Flags().BoolVar(&f.v0, "v0", false, "the files are in Rego v0")
}

func (f suiteFlags) run(c *connection, cmd *cobra.Command, paths []string) error {
	src, err := readRego(paths, f.v0)
	if err != nil {
		return err
	}
	report, err := rego.RunTests(cmd.Context(), src, f.fixtures)
	if refused, ok := errors.AsType[*rego.CompileError](err); ok {
		tellIssues(cmd, refused.Issues)
		return errReported
	}
	if err != nil {
		return err
	}
	if len(report.Tests) == 0 {
		return errors.New("there are no tests: rules whose names begin with test_")
	}
	if c.format.json {
		err = printJSON(cmd.OutOrStdout(), report)
	} else {
		err = f.tell(cmd, report)
	}
	if err != nil {
		return err
	}
	return verdict(!slices.ContainsFunc(report.Tests, func(r rego.TestResult) bool { return !r.Passed && !r.Skipped }))
}

// fixtures gives the secrets of the tests.
func (f suiteFlags) fixtures(names []string) (*seal.Set, error) {
	values := make(map[string]secretstore.Value)
	if f.secrets != "" {
		text, err := readBounded(f.secrets)
		if err != nil {
			return nil, err
		}
		if text, err = yaml.YAMLToJSONStrict(text); err != nil {
			return nil, fmt.Errorf("%s is not YAML", f.secrets)
		}
		if err := json.Unmarshal(text, &values); err != nil {
			return nil, fmt.Errorf("%s must have an object: the values of secrets by name, each a string, an object or an array", f.secrets)
		}
	}
	return secretstore.FixtureSet(values, names)
}

// tell prints the tests that failed, and how many passed.
func (f suiteFlags) tell(cmd *cobra.Command, report *rego.TestReport) error {
	passed, failed, skipped := 0, 0, 0
	w := cmd.OutOrStdout()
	for _, r := range report.Tests {
		switch {
		case r.Skipped:
			skipped++
			continue
		case r.Passed:
			passed++
			continue
		}
		failed++
		fmt.Fprintf(w, "%s:%d: %s failed\n", r.File, r.Line, r.Name)
		for _, line := range r.Print {
			fmt.Fprintf(w, "  print: %s\n", line)
		}
		if r.Err != nil {
			fmt.Fprintf(w, "  %v\n", r.Err)
		}
	}
	text := fmt.Sprintf("%d passed", passed)
	if failed > 0 {
		text += fmt.Sprintf(", %d failed", failed)
	}
	if skipped > 0 {
		text += fmt.Sprintf(", %d skipped", skipped)
	}
	if f.coverage {
		text += fmt.Sprintf(", %.1f%% of the rules covered", report.Covered)
		for _, file := range slices.Sorted(maps.Keys(report.NotCovered)) {
			fmt.Fprintf(w, "%s: not covered: %v\n", file, report.NotCovered[file])
		}
	}
	_, err := fmt.Fprintln(w, text)
	return err
}
