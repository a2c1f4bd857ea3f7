package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"
)

// run runs a command line and gives the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return report(stderr, root.ExecuteContext(context.Background()))
}

func rootCommand() *cobra.Command {
	c := &connection{}
	root := &cobra.Command{
		Use:   "reticent",
		Short: "an authorization server that uses secrets and never repeats them",
		Long: `Reticent is an authorization server that uses secrets and never repeats them.
Scripts and policies compare, sign and call out with secrets; nobody gets to read
one. "reticent serve" is the server, every other command talks to one.

Environment:
  RETICENT_ADDR   the server's address (http://127.0.0.1:8640)
  RETICENT_TOKEN  the token to use

Exit codes:
  0  done; of a decision: allow
  1  of a decision: deny
  2  an error
  3  of apply --dry-run: something would change`,
		SilenceErrors: true,
		SilenceUsage:  true,
		// An unknown verb is an error, not a request for help.
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return hint(err, "type `"+c.CommandPath()+" --help`")
	})
	c.register(root.PersistentFlags())
	root.AddCommand(
		serveCommand(),
		applyCommand(c),
		exportCommand(c),
		projectCommand(c),
		serviceCommand(c),
		secretCommand(c),
		variableCommand(c),
		keyCommand(c),
		managerCommand(c),
		scriptCommand(c),
		policyCommand(c),
		bindingCommand(c),
		pointCommand(c),
		tokenCommand(c),
		grantCommand(c),
		groupCommand(c),
		issuerCommand(c),
		auditCommand(c),
		decisionCommand(c),
		evalCommand(c),
		versionCommand(),
	)
	return root
}
