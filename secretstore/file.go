package secretstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/reticent/reticent/secretstore/audit"
	"github.com/reticent/reticent/secretstore/kv"
)

// FileOptions say what happens to the secrets of a scope that a file does not
// have.
type FileOptions struct {
	// Replace deletes them.
	Replace bool
	// Force deletes those too that documents refer to.
	Force bool
}

// FileResult says what a file changed, by name, in order.
type FileResult struct {
	Created []string `json:"created"`
	Updated []string `json:"updated"`
	// Unchanged have the value already. Who may not use secrets is not told so: to
	// him they are updated, and are.
	Unchanged []string `json:"unchanged"`
	Deleted   []string `json:"deleted"`
}

// PutFile stores the secrets of a file, a secrets.json, in a scope: all of them or
// none. New ones may be sent nowhere; those that exist keep their metadata and
// get a version.
func (s *Store) PutFile(ctx context.Context, by Principal, scope Scope, file map[string]Value, o FileOptions) (FileResult, error) {
	if err := s.authorize(by, "secret.file", scope, ""); err != nil {
		return FileResult{}, err
	}
	if len(file) > MaxFileSecrets {
		return FileResult{}, fail(ErrTooLarge, "the file has more than %d secrets (MaxFileSecrets)", MaxFileSecrets)
	}
	names := slices.Sorted(maps.Keys(file))
	versions := make(map[string]version, len(file))
	for _, name := range names {
		if err := CheckName(name); err != nil {
			return FileResult{}, err
		}
		value := file[name]
		v, err := s.version(by, scope, name, Given{Value: &value}, "")
		if err != nil {
			return FileResult{}, inFile(name, err)
		}
		versions[name] = v
	}
	var out FileResult
	err := s.write(ctx, act{by, "secret.file", scope, ""}, func(tx kv.WriteTx) error {
		out = FileResult{Created: []string{}, Updated: []string{}, Unchanged: []string{}, Deleted: []string{}}
		if err := scopeExists(tx, scope); err != nil {
			return err
		}
		for _, name := range names {
			if err := s.putOfFile(tx, by, scope, name, versions[name], &out); err != nil {
				return inFile(name, err)
			}
		}
		if o.Replace {
			if err := s.deleteOthers(tx, by, scope, file, o.Force, &out); err != nil {
				return err
			}
		}
		var each []audit.Entry
		for i, names := range [][]string{out.Created, out.Updated, out.Deleted} {
			action := []string{"secret.create", "secret.update", "secret.delete"}[i]
			for _, name := range names {
				each = append(each, act{by, action, scope, name}.entry(ctx, audit.OK))
			}
		}
		return s.audit.Append(tx, each...)
	})
	return out, err
}

// inFile says which secret of a file was refused.
func inFile(name string, err error) error {
	var f *Failure
	if !errors.As(err, &f) {
		return err
	}
	return &Failure{Class: f.Class, Message: fmt.Sprintf("%s: %s", name, f.Message)}
}

func (s *Store) putOfFile(tx kv.WriteTx, by Principal, scope Scope, name string, v version, out *FileResult) error {
	r, err := getSecret(tx, scope, name)
	created := errors.Is(err, ErrNotFound)
	if denied := s.authorizeWrite(by, KindSecret, scope, name, created); denied != nil {
		return denied
	}
	switch {
	case created:
		v.limits = limits{UseInPlaceholders: true}
		r, err = s.newSecret(tx, scope, name, v.encoding)
	case err == nil:
		v.limits = r.newest().Limits
	}
	if err != nil {
		return err
	}
	added, err := s.addVersion(tx, scope, name, r, v)
	switch {
	case err != nil:
		return err
	case !added:
		out.Unchanged = append(out.Unchanged, name)
		return nil
	case created:
		out.Created = append(out.Created, name)
	default:
		out.Updated = append(out.Updated, name)
	}
	_, err = s.saveSecret(tx, scope, name, r)
	return err
}

// deleteOthers deletes the secrets of a scope that a file does not have.
func (s *Store) deleteOthers(tx kv.WriteTx, by Principal, scope Scope, file map[string]Value, force bool, out *FileResult) error {
	prefix := secretKey(scope, "")
	entries, err := tx.List(prefix, "", 0)
	if err != nil {
		return err
	}
	var inUse Failure
	for _, e := range entries {
		name := strings.TrimPrefix(e.Key, prefix)
		if _, kept := file[name]; kept {
			continue
		}
		r, err := getSecret(tx, scope, name)
		if err != nil {
			return err
		}
		if err := s.authorize(by, "secret.delete", scope, name); err != nil {
			return err
		}
		inUse.UsedBy = append(inUse.UsedBy, s.state.Load().usedBy(scope, name)...)
		if err := removeSecret(tx, scope, name, r); err != nil {
			return err
		}
		out.Deleted = append(out.Deleted, name)
	}
	if len(inUse.UsedBy) > 0 && !force {
		inUse.UsedBy = s.visible(by, inUse.UsedBy)
		inUse.Class = ErrInUse
		inUse.Message = fmt.Sprintf("secrets that the file does not have are referred to %d times; change that first or replace with ?force=true", len(inUse.UsedBy))
		return &inUse
	}
	return nil
}
