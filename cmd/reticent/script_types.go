package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/script/declaration"
)

func scriptTypes() *cobra.Command {
	return &cobra.Command{
		Use: "types", Short: "print the TypeScript declarations of what a script gets", Args: cobra.NoArgs,
		Long: `Print reticent.d.ts, the TypeScript declarations of what a script gets. With it
beside your scripts, an editor completes context and tsc finds what looks inside a
secret. A server has those of its own version at /reticent.d.ts.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := io.WriteString(cmd.OutOrStdout(), declaration.Text)
			return err
		},
	}
}
