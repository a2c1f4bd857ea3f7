package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

func applyCommand(c *connection) *cobra.Command {
	var names []string
	var update bool
	cmd := c.verb("apply", "create and update resources from files", cobra.NoArgs,
		func(cmd *cobra.Command, api *client.Client, _ []string) error {
			a := applier{client: api, updateSecrets: update, stderr: cmd.ErrOrStderr()}
			for _, name := range names {
				if err := a.apply(cmd.Context(), name); err != nil {
					return errors.Join(a.print(c, cmd.OutOrStdout()), err)
				}
			}
			return a.print(c, cmd.OutOrStdout())
		})
	cmd.Long = `Create and update what files say. To apply the same files again changes nothing.
What no file mentions is left alone.

-f is a file, or a directory, of which the *.yaml, *.yml and *.json files are
read, not those of directories in it. A file has one resource or several,
separated by lines of "---". All files are read before anything is written.

  kind: project | service | issuer | group | grant | variable | secret | key |
        module | script | policy | binding
  name: NAME           of a binding: its point
  project: NAME        where it lives; none is the platform
  service: NAME

and besides the members that the API takes, for which a file may stand:

  source_from: {file: PATH}                  of a script, module or policy
  modules_from: {NAME: {file: PATH}, ...}    of a policy
  value_from: {file: PATH} or {env: NAME}    of a secret

A path is relative to the directory, and cannot leave it. The value of a secret
is never written into such a file itself. It may have trim_space, verbatim or
json beside it, which mean what the flags of "reticent secret create" do.

A secret that exists keeps its value: it may have been rotated since, and nobody
can look. Its metadata are updated; to widen where it may go needs the value.
--update-secrets writes the values too, each as a new version.`
	flags := cmd.Flags()
	flags.StringArrayVarP(&names, "file", "f", nil, "apply this `directory or file`; repeatable")
	flags.BoolVar(&update, "update-secrets", false, "write the values of secrets that exist, too")
	if err := cmd.MarkFlagRequired("file"); err != nil {
		panic(err) // there is such a flag
	}
	return cmd
}

// applier applies manifests.
type applier struct {
	client        *client.Client
	updateSecrets bool
	stderr        io.Writer
	done          []applied
}

// applied is what became of a resource.
type applied struct {
	Kind    string `json:"kind"`
	Project string `json:"project"`
	Service string `json:"service"`
	Name    string `json:"name"`
	Result  result `json:"result"`
}

// result is what applying a resource did.
type result string

const (
	created   result = "created"
	updated   result = "updated"
	unchanged result = "unchanged"
)

// apply applies a directory or a file. What was done before an error stays.
func (a *applier) apply(ctx context.Context, name string) error {
	m, err := openManifest(name)
	if err != nil {
		return err
	}
	defer m.close()
	left := m.resources
	for len(left) > 0 {
		var later []resource
		var missing error
		for _, r := range left {
			did, err := a.applyResource(ctx, m, r)
			if needsModule(err) { // which may come further down
				later, missing = append(later, r), errors.Join(missing, fmt.Errorf("%s (%s): %w", r, r.where, err))
				continue
			}
			if err != nil {
				return fmt.Errorf("%s (%s): %w", r, r.where, err)
			}
			a.done = append(a.done, applied{r.kind, r.project, r.service, r.name, did})
		}
		if len(later) == len(left) {
			return missing
		}
		left = later
	}
	return nil
}

// needsModule reports whether a script is refused for a module that is not there.
func needsModule(err error) bool {
	p, ok := errors.AsType[*client.Problem](err)
	return ok && p.Code == "invalid_script" && slices.ContainsFunc(p.Errors, func(f client.Finding) bool { return f.Code == "module_missing" })
}

func (a *applier) applyResource(ctx context.Context, m *manifest, r resource) (result, error) {
	scope := client.Scope{Project: r.project, Service: r.service}
	switch r.kind {
	case "project", "service":
		_, isNew, err := a.client.PutScope(ctx, scope)
		return outcome(isNew, false), err
	case "secret":
		return a.applySecret(ctx, m, r, a.client.Secrets(scope))
	case "variable":
		return applyDocument(ctx, a, r, a.client.Variables(scope), func(v client.Variable) client.Meta { return v.Meta })
	case "issuer":
		return applyDocument(ctx, a, r, a.client.Issuers(), func(i client.Issuer) client.Meta { return i.Meta })
	case "group":
		return applyDocument(ctx, a, r, a.client.Groups(), func(g client.Group) client.Meta { return g.Meta })
	case "grant":
		return applyDocument(ctx, a, r, a.client.Grants(scope), func(g client.Grant) client.Meta { return g.Meta })
	case "key":
		return applyDocument(ctx, a, r, a.client.Keys(scope), func(k client.Key) client.Meta { return k.Meta })
	case "module":
		r.body["kind"] = "module" // a script of that kind, to the API
		return applyDocument(ctx, a, r, a.client.Scripts(scope), func(s client.Script) client.Meta { return s.Meta })
	case "script":
		return applyDocument(ctx, a, r, a.client.Scripts(scope), func(s client.Script) client.Meta { return s.Meta })
	case "policy":
		return applyDocument(ctx, a, r, a.client.Policies(scope), func(p client.Policy) client.Meta { return p.Meta })
	default:
		return a.applyBinding(ctx, r, a.client.Bindings(scope))
	}
}

func outcome(isNew, changed bool) result {
	switch {
	case isNew:
		return created
	case changed:
		return updated
	}
	return unchanged
}

// applyDocument puts a variable, a script or a policy. The server keeps the ETag
// of one that is the same as before.
func applyDocument[R any](ctx context.Context, a *applier, r resource, of collection[R], meta func(R) client.Meta) (result, error) {
	before, err := of.Get(ctx, r.name)
	if err != nil && !client.HasCode(err, "not_found") {
		return "", err
	}
	after, isNew, err := of.Put(ctx, r.name, r.body, "")
	if err != nil {
		return "", err
	}
	warn(a.stderr, r.String(), meta(after).Warnings)
	return outcome(isNew, meta(after).ETag != meta(before).ETag), nil
}

func (a *applier) applyBinding(ctx context.Context, r resource, of client.Bindings) (result, error) {
	target, _ := r.body["target"].(string)
	before, err := of.Get(ctx, r.name, target)
	if err != nil && !client.HasCode(err, "not_found") {
		return "", err
	}
	after, isNew, err := of.Put(ctx, r.name, r.body, "")
	return outcome(isNew, after.ETag != before.ETag), err
}

// print tells what was done.
func (a *applier) print(c *connection, w io.Writer) error {
	return list(c.format, w, a.done, "result", "kind", "name", "project", "service")
}
