package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/script/template"
)

func scriptNew() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use: "new FILE", Short: "write a script to start from into a new file", Args: cobra.ExactArgs(1),
		Long: "Write a script to start from into a new file. No server is asked.\n\nTemplates:\n\n" + templateList(),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, ok := template.Find(name)
			if !ok {
				return hint(errors.New("there is no such template"), "reticent script new --help lists them")
			}
			f, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
			if err != nil {
				return err
			}
			_, err = f.WriteString(t.Source)
			if err := errors.Join(err, f.Close()); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrote %s\n", args[0])
			return err
		},
	}
	cmd.Flags().StringVar(&name, "template", "empty", "the `name` of the template")
	return cmd
}

func templateList() string {
	var b strings.Builder
	for _, t := range template.All {
		fmt.Fprintf(&b, "  %-15s %s (for %s)\n", t.Name, t.Title, t.Point)
	}
	return b.String()
}
