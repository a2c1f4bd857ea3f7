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
	a := applier{}
	var names []string
	cmd := c.verb("apply", "create, update and delete resources by files", cobra.NoArgs,
		func(cmd *cobra.Command, api *client.Client, _ []string) error {
			if a.prune && a.set == "" {
				return hint(errors.New("--prune deletes what was applied with the same --set and is in no file any more, and there is no --set"),
					"name the set, and apply with it always")
			}
			a.client, a.stderr, a.within = api, cmd.ErrOrStderr(), c.scope
			err := a.applyAll(cmd.Context(), names)
			if told := a.tell(c.format, cmd.OutOrStdout()); told != nil || err != nil {
				return errors.Join(err, told)
			}
			if a.dryRun && slices.ContainsFunc(a.done, func(d applied) bool { return d.Result != unchanged }) {
				return errWouldChange
			}
			return nil
		})
	cmd.Long = `Create and update what files say. To apply the same files again changes nothing.
What no file mentions is left alone.

-f is a file, or a directory, of which the *.yaml, *.yml and *.json files are
read, not those of directories in it. A file has one resource or several,
separated by lines of "---". All files are read before anything is written.

  kind: project | service | issuer | group | grant | variable | secret | key | manager |
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
json beside it, which mean what the flags of "reticent secret create" do. Instead
of value_from a secret may have generate, as the API takes it: the server makes
the value when the secret is new, and apply never writes another.

A secret that exists keeps its value: it may have been rotated since, and nobody
can look. Its metadata are updated; to widen where it may go needs the value. One
whose value somebody else wrote since it was applied is "drifted".
--update-secrets writes the values too, each that changed as a new version.

What is applied belongs to a set, which --set names. --prune deletes what belongs
to the set and is in no file, within --project and --service. Projects, services
and tokens stay.

--dry-run prints what would be done, with the lines that differ and never a
secret's value, and does nothing. The exit code is 3 if there is something.`
	flags := cmd.Flags()
	flags.StringArrayVarP(&names, "file", "f", nil, "apply this `directory or file`; repeatable")
	flags.BoolVar(&a.updateSecrets, "update-secrets", false, "write the values of secrets that exist, too")
	flags.BoolVar(&a.dryRun, "dry-run", false, "tell what would be done, and do nothing")
	flags.StringVar(&a.set, "set", "", "the `name` of the set that the files are; new resources are in the set "+defaultSet+" otherwise")
	flags.BoolVar(&a.prune, "prune", false, "delete what belongs to the set and is in no file")
	if err := cmd.MarkFlagRequired("file"); err != nil {
		panic(err) // there is such a flag
	}
	return cmd
}

// defaultSet is the set of resources that were applied first without --set.
const defaultSet = "default"

// applier applies manifests.
type applier struct {
	client        *client.Client
	updateSecrets bool
	dryRun        bool
	set           string
	prune         bool
	within        client.Scope // what is pruned
	stderr        io.Writer

	named []resourceID // what files hold
	done  []applied
}

// resourceID is what a resource is called.
type resourceID struct{ kind, project, service, name, target string }

// applied is what became of a resource.
type applied struct {
	Kind    string `json:"kind"`
	Project string `json:"project"`
	Service string `json:"service"`
	Name    string `json:"name"`
	Result  result `json:"result"`
	// Changes are the members that a dry run finds different.
	Changes []change `json:"changes,omitempty"`
}

// result is what applying a resource did, or would do.
type result string

const (
	created   result = "created"
	updated   result = "updated"
	deleted   result = "deleted"
	drifted   result = "drifted"
	unchanged result = "unchanged"
)

// applyAll applies directories and files in their order, and then prunes. What was
// done before an error stays done.
func (a *applier) applyAll(ctx context.Context, names []string) error {
	for _, name := range names {
		if err := a.apply(ctx, name); err != nil {
			return err
		}
	}
	if a.prune {
		return a.pruneSet(ctx)
	}
	return nil
}

// apply applies a directory or a file.
func (a *applier) apply(ctx context.Context, name string) error {
	m, err := openManifest(name)
	if err != nil {
		return err
	}
	defer m.close()
	for _, r := range m.resources {
		a.named = append(a.named, r.id())
	}
	left := m.resources
	for len(left) > 0 {
		var later []resource
		var missing error
		for _, r := range left {
			did, changes, err := a.applyResource(ctx, m, r)
			if needsModule(err) { // which may come further down
				later, missing = append(later, r), errors.Join(missing, fmt.Errorf("%s (%s): %w", r, r.where, err))
				continue
			}
			if err != nil {
				return fmt.Errorf("%s (%s): %w", r, r.where, err)
			}
			a.did(r, did, changes)
		}
		if len(later) == len(left) {
			return missing
		}
		left = later
	}
	return nil
}

func (a *applier) did(r resource, did result, changes []change) {
	a.done = append(a.done, applied{r.kind, r.project, r.service, r.name, did, changes})
}

// needsModule reports whether a script is refused for a module that is not there.
func needsModule(err error) bool {
	p, ok := errors.AsType[*client.Problem](err)
	return ok && p.Code == "invalid_script" && slices.ContainsFunc(p.Errors, func(f client.Finding) bool { return f.Code == "module_missing" })
}

func (a *applier) applyResource(ctx context.Context, m *manifest, r resource) (result, []change, error) {
	switch r.kind {
	case "project", "service":
		did, err := a.applyScope(ctx, client.Scope{Project: r.project, Service: r.service})
		return did, nil, err
	case "secret":
		return a.applySecret(ctx, m, r)
	case "module":
		r.body["kind"] = "module" // a script of that kind, to the API
	}
	return a.applyDocument(ctx, r)
}

func (a *applier) applyScope(ctx context.Context, scope client.Scope) (result, error) {
	if !a.dryRun {
		_, isNew, err := a.client.PutScope(ctx, scope)
		return outcome(isNew, false), err
	}
	_, err := a.client.Scope(ctx, scope)
	if client.HasCode(err, "not_found") {
		return created, nil
	}
	return unchanged, err
}

// of gives the resources of a kind, where r lives.
func (a *applier) of(r resource) client.Resources {
	return a.client.Resources(client.Scope{Project: r.project, Service: r.service}, paths[r.kind])
}

// setFor gives the set that a resource is to belong to: --set, the one that it is
// in, or the default.
func (a *applier) setFor(r resource, exists bool, now string) string {
	switch {
	case a.set == "" && now != "":
		return now
	case a.set == "":
		return defaultSet
	case exists && now != "" && now != a.set:
		warn(a.stderr, r.String(), []string{fmt.Sprintf("it belongs to the set %s, and is put into %s", now, a.set)})
	}
	return a.set
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
