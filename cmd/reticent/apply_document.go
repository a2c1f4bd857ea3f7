package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/reticent/reticent/api/client"
)

// applyDocument puts a resource that is no secret. The server keeps the ETag of
// one that is the same as before.
func (a *applier) applyDocument(ctx context.Context, r resource) (result, []change, error) {
	target, _ := r.body["target"].(string)
	of := a.of(r)
	before, err := of.Get(ctx, r.name, target)
	exists := err == nil
	if !exists && !client.HasCode(err, "not_found") {
		return "", nil, err
	}
	o := client.WriteOptions{IfMatch: before.ETag, Set: a.setFor(r, exists, before.Set), Preview: a.dryRun}
	after, isNew, err := of.Put(ctx, r.name, r.body, o)
	if a.dryRun && err != nil && a.mayBeFine(err) {
		say(a.stderr, "%s: it can be checked only when what comes before it is there: %v", r, err)
		after, isNew, err = client.Resource{Meta: before.Meta}, !exists, nil
		if after.Body, err = bodyOf(r); err == nil {
			changes := differences(before.Body, after.Body)
			return outcome(isNew, len(changes) > 0), changes, nil
		}
	}
	if err != nil {
		return "", nil, err
	}
	warn(a.stderr, r.String(), after.Warnings)
	if !a.dryRun || isNew {
		return outcome(isNew, after.ETag != before.ETag), nil, nil
	}
	return outcome(false, after.ETag != before.ETag), a.changes(before, after), nil
}

// mayBeFine reports whether a refusal of a dry run may come of something that
// would have been created before.
func (a *applier) mayBeFine(err error) bool {
	p, ok := errors.AsType[*client.Problem](err)
	if !ok || p.Status == http.StatusForbidden || p.Status == http.StatusUnauthorized || p.Status >= http.StatusInternalServerError {
		return false
	}
	for _, d := range a.done {
		if d.Result == created {
			return true
		}
	}
	return false
}

// bodyOf gives a resource's members as the file has them.
func bodyOf(r resource) (map[string]json.RawMessage, error) {
	out := make(map[string]json.RawMessage, len(r.body))
	for member, value := range r.body {
		raw, err := marshal(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", member, err)
		}
		out[member] = raw
	}
	return out, nil
}

// changes tells what differs between two answers of the server.
func (a *applier) changes(before, after client.Resource) []change {
	out := differences(before.Body, after.Body)
	if before.Set != after.Set {
		out = append(out, textChange("set", before.Set, after.Set))
	}
	if len(out) == 0 {
		out = append(out, textChange("stored_by", before.StoredBy, after.StoredBy))
	}
	return out
}
