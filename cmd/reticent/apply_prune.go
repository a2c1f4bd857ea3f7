package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/reticent/reticent/api/client"
)

// paths are the kinds of resources as paths have them. Modules are among the
// scripts.
var paths = map[string]string{
	"issuer": "issuers", "group": "groups", "grant": "grants", "variable": "variables", "secret": "secrets", "key": "keys", "manager": "managers",
	"module": "scripts", "script": "scripts", "policy": "policies", "binding": "bindings",
}

// pruneSet deletes what belongs to the set and was in no file, what refers to
// others first. What the token may not see it leaves.
func (a *applier) pruneSet(ctx context.Context) error {
	named := make(map[resourceID]bool)
	for _, id := range a.named {
		named[id] = true
	}
	scopes, err := scopesWithin(ctx, a.client, a.within)
	if err != nil {
		return err
	}
	var gone []resource
	for _, scope := range scopes {
		all, err := resourcesOf(ctx, a.client, scope)
		if err != nil {
			return err
		}
		for _, found := range all {
			if found.Set == a.set && !named[found.id()] {
				gone = append(gone, found.resource)
			}
		}
	}
	slices.SortStableFunc(gone, func(x, y resource) int {
		return slices.Index(kinds, y.kind) - slices.Index(kinds, x.kind)
	})
	for _, r := range gone {
		if !a.dryRun {
			if err := a.deleteOwn(ctx, r); err != nil {
				return fmt.Errorf("delete %s: %w", r, err)
			}
		}
		a.did(r, deleted, nil)
	}
	return nil
}

// deleteOwn deletes a resource that still belongs to the set.
func (a *applier) deleteOwn(ctx context.Context, r resource) error {
	target, _ := r.body["target"].(string)
	now, err := a.of(r).Get(ctx, r.name, target)
	if err != nil {
		return err
	}
	if now.Set != a.set {
		return fmt.Errorf("it was put into the set %s meanwhile", now.Set)
	}
	return a.of(r).Delete(ctx, r.name, target, now.ETag)
}

// stored is a resource as the server has it.
type stored struct {
	resource
	client.Resource
}

// resourcesOf gives the resources of a scope, but for projects and services, in the
// order in which they are applied. Kinds that the token may not see are left out.
func resourcesOf(ctx context.Context, c *client.Client, scope client.Scope) ([]stored, error) {
	var out []stored
	for _, kind := range kinds {
		path := paths[kind]
		if path == "" || kind == "module" || (kind == "issuer" || kind == "group") && scope != (client.Scope{}) {
			continue
		}
		all, err := c.Resources(scope, path).All(ctx)
		if client.HasCode(err, "forbidden") {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for _, x := range all {
			r := resource{kind: kind, project: scope.Project, service: scope.Service, name: x.Name, body: make(map[string]any)}
			for member, raw := range x.Body {
				r.body[member] = raw
			}
			if kind == "script" && textOf(x.Body["kind"]) == "module" {
				r.kind = "module"
				delete(r.body, "kind")
			}
			if kind == "binding" {
				r.body["target"] = textOf(x.Body["target"])
			}
			out = append(out, stored{r, x})
		}
	}
	slices.SortStableFunc(out, func(x, y stored) int {
		return slices.Index(kinds, x.kind) - slices.Index(kinds, y.kind)
	})
	return out, nil
}

// scopesWithin gives a scope and those below it.
func scopesWithin(ctx context.Context, c *client.Client, scope client.Scope) ([]client.Scope, error) {
	out := []client.Scope{scope}
	if scope.Service != "" {
		return out, nil
	}
	below, err := c.Scopes(ctx, scope)
	if err != nil {
		p, ok := errors.AsType[*client.Problem](err)
		if ok && p.Code == "forbidden" {
			return nil, hint(err, "--project says where this token may look")
		}
		return nil, err
	}
	for _, info := range below {
		inner := client.Scope{Project: scope.Project, Service: info.Name}
		if scope.Project == "" {
			inner = client.Scope{Project: info.Name}
		}
		all, err := scopesWithin(ctx, c, inner)
		if err != nil {
			return nil, err
		}
		out = append(out, all...)
	}
	return out, nil
}
