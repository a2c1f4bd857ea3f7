package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/reticent/reticent/api/client"
	"github.com/reticent/reticent/secretstore/seal"
)

// applySecret creates a secret, or brings the metadata of one that exists up to
// date, and its value too if the command line says so.
func (a *applier) applySecret(ctx context.Context, m *manifest, r resource) (result, []change, error) {
	spec, err := r.secretSpec()
	if err != nil {
		return "", nil, err
	}
	of := a.of(r)
	before, err := a.client.Secrets(client.Scope{Project: r.project, Service: r.service}).Get(ctx, r.name)
	exists := err == nil
	if !exists && !client.HasCode(err, "not_found") {
		return "", nil, err
	}
	o := client.WriteOptions{IfMatch: before.ETag, Set: a.setFor(r, exists, before.Set), Preview: a.dryRun}
	if !exists || a.updateSecrets && spec.Generate == nil {
		return a.putSecret(ctx, m, r, spec, before, o)
	}
	if spec.Encoding != "" && spec.Encoding != before.Encoding {
		return "", nil, fmt.Errorf("its encoding is %s, and stays as it is; delete the secret to store it anew", before.Encoding)
	}
	did := unchanged
	if a.changedSince(r, before) {
		did = drifted
	}
	patch, err := patchTo(spec, before)
	if err != nil {
		return "", nil, err
	}
	if reflect.DeepEqual(patch, client.SecretPatch{}) && before.Set == o.Set {
		return did, nil, nil
	}
	after, err := of.Patch(ctx, r.name, patch, o)
	if client.HasCode(err, "value_required") {
		return "", nil, hint(err, "--update-secrets writes the values of secrets too")
	}
	if err != nil {
		return "", nil, err
	}
	warn(a.stderr, r.String(), after.Warnings)
	changes, err := a.secretChanges(before, after)
	return updated, changes, err
}

// changedSince reports whether somebody else wrote the value of a secret since it
// was applied. One that the server or a
// plan makes is not the files' to know.
func (a *applier) changedSince(r resource, before client.Secret) bool {
	if r.value == nil || before.Rotation != nil || before.AppliedFingerprint == "" || before.AppliedFingerprint == before.Fingerprint {
		return false
	}
	warn(a.stderr, r.String(), []string{"its value was changed by somebody since it was applied, and stays; --update-secrets writes that of the files"})
	return true
}

// putSecret writes a secret with its value.
func (a *applier) putSecret(ctx context.Context, m *manifest, r resource, spec client.SecretSpec, before client.Secret, o client.WriteOptions) (result, []change, error) {
	if spec.Generate == nil {
		var err error
		if spec.Value, err = m.secretValue(r); err != nil {
			return "", nil, err
		}
	}
	after, isNew, err := a.of(r).Put(ctx, r.name, spec, o)
	if a.dryRun && client.HasCode(err, "not_found") && a.mayBeFine(err) {
		return created, nil, nil // in a scope that would be
	}
	if err != nil {
		return "", nil, err
	}
	warn(a.stderr, r.String(), after.Warnings)
	if isNew {
		return created, nil, nil
	}
	changes, err := a.secretChanges(before, after)
	return outcome(false, len(changes) > 0), changes, err
}

// secretChanges tells what differs of a secret's metadata, and whether the value
// does.
func (a *applier) secretChanges(before client.Secret, after client.Resource) ([]change, error) {
	raw, err := json.Marshal(before)
	if err != nil {
		return nil, err
	}
	var old client.Resource
	if err := json.Unmarshal(raw, &old); err != nil {
		return nil, err
	}
	for _, r := range []client.Resource{old, after} {
		for _, member := range foundOut {
			delete(r.Body, member)
		}
	}
	changes := differences(old.Body, after.Body)
	if before.Set != after.Set {
		changes = append(changes, textChange("set", before.Set, after.Set))
	}
	if before.Version != after.Version {
		changes = append(changes, textChange("value", fmt.Sprintf("version %d", before.Version), fmt.Sprintf("version %d", after.Version)))
	}
	return changes, nil
}

// foundOut are the members of a secret that nobody writes.
var foundOut = []string{"fingerprint", "applied_fingerprint", "public_key", "weak", "derived_from", "rotation_state"}

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
func patchTo(spec client.SecretSpec, current client.Secret) (p client.SecretPatch, err error) {
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
	if !reflect.DeepEqual(spec.Rotation, current.Rotation) {
		p.Rotation, err = rotationPatch(spec.Rotation)
	}
	return p, err
}
