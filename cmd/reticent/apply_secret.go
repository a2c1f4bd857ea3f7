package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/reticent/reticent/api/client"
	"github.com/reticent/reticent/secretstore/seal"
)

// applySecret creates a secret, or brings the metadata of one that exists up to
// date, and its value too if the command line says so.
func (a *applier) applySecret(ctx context.Context, m *manifest, r resource, of client.Secrets) (result, error) {
	spec, err := r.secretSpec()
	if err != nil {
		return "", err
	}
	before, err := of.Get(ctx, r.name)
	exists := err == nil
	if !exists && !client.HasCode(err, "not_found") {
		return "", err
	}
	var after client.Secret
	switch {
	case !exists || a.updateSecrets:
		if spec.Generate == nil {
			if spec.Value, err = m.secretValue(r); err != nil {
				return "", err
			}
		}
		after, _, err = of.Put(ctx, r.name, spec, "")
	default:
		patch := patchTo(spec, before)
		if patch == (client.SecretPatch{}) {
			return unchanged, nil
		}
		after, err = of.Patch(ctx, r.name, patch, before.ETag)
	}
	if client.HasCode(err, "value_required") {
		return "", hint(err, "--update-secrets writes the values of secrets too")
	}
	if err != nil {
		return "", err
	}
	warn(a.stderr, r.String(), after.Warnings)
	return outcome(!exists, true), nil
}

// secretSpec reads the metadata of a secret.
func (r resource) secretSpec() (client.SecretSpec, error) {
	var spec client.SecretSpec
	raw, err := json.Marshal(r.body)
	if err != nil {
		return spec, err
	}
	if strictly(raw, &spec) != nil {
		return spec, errors.New("its members have other names or types than those of a secret; see docs/api.md")
	}
	// What is left out has its default, and is not left as it is.
	if spec.UseInPlaceholders == nil {
		spec.UseInPlaceholders = new(true)
	}
	if len(spec.AllowedIn) == 0 {
		for _, position := range seal.DefaultIn {
			spec.AllowedIn = append(spec.AllowedIn, string(position))
		}
	}
	return spec, nil
}

// patchTo gives the patch that makes the metadata of a secret those of spec.
func patchTo(spec client.SecretSpec, current client.Secret) client.SecretPatch {
	var p client.SecretPatch
	if spec.Description != current.Description {
		p.Description = &spec.Description
	}
	if !slices.Equal(spec.AllowedHosts, current.AllowedHosts) {
		p.AllowedHosts = &spec.AllowedHosts
	}
	if !slices.Equal(spec.AllowedIn, current.AllowedIn) {
		p.AllowedIn = &spec.AllowedIn
	}
	if !slices.Equal(spec.Plain, current.Plain) {
		p.Plain = &spec.Plain
	}
	if spec.Release != current.Release {
		p.Release = &spec.Release
	}
	if *spec.UseInPlaceholders != current.UseInPlaceholders {
		p.UseInPlaceholders = spec.UseInPlaceholders
	}
	switch e, c := spec.ExpiresAt, current.ExpiresAt; {
	case (e == nil) != (c == nil), e != nil && !e.Equal(*c):
		p.ExpiresAt = &spec.ExpiresAt
	}
	tags := make(map[string]*string)
	for k, v := range spec.Tags {
		if old, ok := current.Tags[k]; !ok || old != v {
			tags[k] = &v
		}
	}
	for k := range current.Tags {
		if _, ok := spec.Tags[k]; !ok {
			tags[k] = nil // removes it
		}
	}
	if len(tags) > 0 {
		p.Tags = &tags
	}
	return p
}
