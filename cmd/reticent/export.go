package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/reticent/reticent/api/client"
	"github.com/reticent/reticent/secretstore/seal"
)

func exportCommand(c *connection) *cobra.Command {
	var dir string
	cmd := c.verb("export", "print resources as files that apply takes", cobra.NoArgs,
		func(cmd *cobra.Command, api *client.Client, _ []string) error {
			docs, err := export(cmd.Context(), api, c.scope)
			if err != nil {
				return err
			}
			if dir != "" {
				return writeExport(dir, docs)
			}
			return printExport(cmd.OutOrStdout(), docs)
		})
	cmd.Long = `Print the resources of the scope and those below it as the files that "reticent
apply" takes: everything that the token may see, but the values of secrets, which
nobody may. A secret says value_from, a variable of the environment, which apply
reads where there is no such secret yet. Tokens are not among them.

With --dir a file is written for every scope and kind, into a directory that is
empty or not there. Otherwise all is printed.`
	cmd.Flags().StringVar(&dir, "dir", "", "write files into this `directory`")
	return cmd
}

// exported is a document of an export.
type exported struct {
	scope client.Scope
	kind  string
	text  []byte
}

// export gives the documents of a scope and those below it.
func export(ctx context.Context, c *client.Client, at client.Scope) ([]exported, error) {
	scopes, err := scopesWithin(ctx, c, at)
	if err != nil {
		return nil, err
	}
	var out []exported
	add := func(scope client.Scope, r resource) error {
		text, err := r.document()
		out = append(out, exported{scope, r.kind, text})
		return err
	}
	for _, scope := range scopes {
		switch {
		case scope.Service != "":
			err = add(scope, resource{kind: "service", name: scope.Service, project: scope.Project})
		case scope.Project != "":
			err = add(scope, resource{kind: "project", name: scope.Project})
		}
		if err != nil {
			return nil, err
		}
		all, err := resourcesOf(ctx, c, scope)
		if err != nil {
			return nil, err
		}
		for _, x := range all {
			if x.kind == "secret" {
				keepSpec(x.resource)
			}
			if err := add(scope, x.resource); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// keepSpec takes from a secret what nobody writes and what is as it would be
// without it, and says where its value is to come from.
func keepSpec(r resource) {
	for _, member := range foundOut {
		delete(r.body, member)
	}
	defaults := map[string]string{
		"encoding": `"generic"`, "description": `""`, "tags": "{}", "allowed_hosts": "[]", "release": "false", "plain": "[]",
		"use_in_placeholders": "true", "expires_at": "null", "allowed_in": `["` + string(seal.DefaultIn[0]) + `"]`,
	}
	for member, value := range defaults {
		if raw, ok := r.body[member].(json.RawMessage); ok && string(compact(raw)) == value {
			delete(r.body, member)
		}
	}
	parts := slices.DeleteFunc([]string{r.project, r.service, r.name}, func(s string) bool { return s == "" })
	r.body["value_from"] = map[string]string{"env": strings.ToUpper(notInEnv.ReplaceAllString(strings.Join(parts, "_"), "_"))}
}

// notInEnv is what no shell has in the name of a variable.
var notInEnv = regexp.MustCompile(`[^A-Za-z0-9_]`)

// document is the resource in a file, what it is before the rest.
func (r resource) document() ([]byte, error) {
	var b bytes.Buffer
	for _, member := range [][2]string{{"kind", r.kind}, {"name", r.name}, {"project", r.project}, {"service", r.service}} {
		if member[1] == "" {
			continue
		}
		line, err := yaml.Marshal(map[string]string{member[0]: member[1]})
		if err != nil {
			return nil, err
		}
		b.Write(line)
	}
	if len(r.body) == 0 {
		return b.Bytes(), nil
	}
	body, err := yaml.Marshal(r.body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r, err)
	}
	b.Write(body)
	return b.Bytes(), nil
}

func printExport(w io.Writer, docs []exported) error {
	for i, d := range docs {
		if i > 0 {
			d.text = append([]byte("---\n"), d.text...)
		}
		if _, err := w.Write(d.text); err != nil {
			return err
		}
	}
	return nil
}

// writeExport writes a file for every scope and kind, or several where apply would
// not read one for its size.
func writeExport(dir string, docs []exported) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if old, err := os.ReadDir(dir); err != nil || len(old) > 0 {
		return errors.Join(err, fmt.Errorf("%s: there are files in it already", dir))
	}
	files := make(map[string]*bytes.Buffer)
	parts := make(map[string]int)
	for _, d := range docs {
		base := strings.Join(slices.DeleteFunc([]string{d.scope.Project, d.scope.Service, d.kind}, func(s string) bool { return s == "" }), ".")
		name := base
		if n := parts[base]; n > 0 {
			name = fmt.Sprintf("%s.%d", base, n+1)
		}
		into := files[name]
		if into != nil && into.Len()+len(d.text) > MaxManifestBytes-8 {
			parts[base]++
			name, into = fmt.Sprintf("%s.%d", base, parts[base]+1), nil
		}
		if into == nil {
			into = new(bytes.Buffer)
			files[name] = into
		} else {
			into.WriteString("---\n")
		}
		into.Write(d.text)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name+".yaml"), text.Bytes(), 0o666); err != nil {
			return err
		}
	}
	return nil
}
