package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/policy/rego"
)

// errReported ends a command that has told its errors.
var errReported = errors.New("what was told before stands in the way")

func policyCheck(c *connection) *cobra.Command {
	var write, v0 bool
	cmd := &cobra.Command{
		Use: "check PATH...", Short: "find what is wrong in Rego files, without a server", Args: cobra.MinimumNArgs(1),
		Long: `Find what is wrong in Rego files, or below directories, without a server: what
does not compile, where a secret would be looked into, what OPA's strict mode
refuses, what is not formatted, and what decides in a way that hardly anybody
means. The files are one policy. The exit code is 1 if something is found.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			src, err := readRego(args, v0)
			if err != nil {
				return err
			}
			if write {
				if err := formatFiles(&src); err != nil {
					return err
				}
			}
			issues := rego.Check(src)
			if c.format.json {
				if err := printJSON(cmd.OutOrStdout(), struct {
					Issues []rego.Issue `json:"issues"`
				}{append([]rego.Issue{}, issues...)}); err != nil {
					return err
				}
			} else {
				tellIssues(cmd, issues)
			}
			return verdict(len(issues) == 0)
		},
	}
	cmd.Flags().BoolVarP(&write, "write", "w", false, "format the files")
	cmd.Flags().BoolVar(&v0, "v0", false, "the files are in Rego v0")
	return cmd
}

// tellIssues prints what was found, a line each.
func tellIssues(cmd *cobra.Command, issues []rego.Issue) {
	for _, i := range issues {
		fmt.Fprintln(cmd.ErrOrStderr(), printable((&rego.CompileError{Issues: []rego.Issue{i}}).Error()))
	}
}

// formatFiles writes the modules that are not formatted. Those that do not parse
// stay as they are.
func formatFiles(src *rego.Source) error {
	for _, path := range slices.Sorted(maps.Keys(src.Modules)) {
		text, err := rego.Format(path, src.Modules[path], src.V0)
		if err != nil || text == src.Modules[path] {
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), info.Mode().Perm()); err != nil {
			return err
		}
		src.Modules[path] = text
	}
	return nil
}
