package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/reticent/reticent/api/client"
	"github.com/reticent/reticent/script"
	"github.com/reticent/reticent/secretstore"
)

// fromFile is {file: PATH}, a path relative to the manifest.
type fromFile struct {
	File string `json:"file"`
}

// valueFrom says where a secret's value comes from: {env: NAME} or
// {file: PATH}, and how to read it, as the flags of `reticent secret` do.
type valueFrom struct {
	Env       string `json:"env"`
	File      string `json:"file"`
	Verbatim  bool   `json:"verbatim"`
	TrimSpace bool   `json:"trim_space"`
	JSON      bool   `json:"json"`
}

// resolve takes the members that end in "_from" out of a body and puts in what
// they stand for. A secret's value is read when it is needed.
func (m *manifest) resolve(r *resource) error {
	switch r.kind {
	case "secret":
		return r.resolveValue()
	case "script", "module", "policy":
		if err := m.resolveSource(r); err != nil {
			return err
		}
	}
	if r.kind == "policy" {
		return m.resolveModules(r)
	}
	return nil
}

func (r *resource) resolveValue() error {
	for _, literal := range []string{"value", "value_base64"} {
		if _, there := r.body[literal]; there {
			return hint(fmt.Errorf("%s: the value of a secret does not belong in a file like this one", literal),
				"write value_from: {env: NAME} or value_from: {file: PATH}")
		}
	}
	_, generate := r.body["generate"]
	if _, from := r.body["value_from"]; generate && !from {
		return nil
	}
	if generate {
		return errors.New("value_from and generate are both there")
	}
	r.value = new(valueFrom)
	if err := take(r.body, "value_from", r.value); err != nil {
		return err
	}
	if (r.value.Env == "") == (r.value.File == "") {
		return errors.New("value_from is {env: NAME} or {file: PATH}; or generate is there, and the server makes the value")
	}
	return nil
}

func (m *manifest) resolveSource(r *resource) error {
	if _, there := r.body["source_from"]; !there {
		return nil
	}
	var from fromFile
	if err := take(r.body, "source_from", &from); err != nil {
		return err
	}
	if _, there := r.body["source"]; there {
		return errors.New("source and source_from are both there")
	}
	limit, name := script.MaxSourceBytes, "MaxSourceBytes"
	if r.kind == "module" {
		limit, name = script.MaxLibraryBytes, "MaxLibraryBytes"
	}
	text, err := m.read(from.File, limit, name)
	if err != nil {
		return fmt.Errorf("source_from: %w", err)
	}
	r.body["source"] = string(text)
	return nil
}

// resolveModules reads {MODULE: {file: PATH}, …}.
func (m *manifest) resolveModules(r *resource) error {
	if _, there := r.body["modules_from"]; !there {
		return nil
	}
	var from map[string]fromFile
	if err := take(r.body, "modules_from", &from); err != nil {
		return err
	}
	if _, there := r.body["modules"]; there {
		return errors.New("modules and modules_from are both there")
	}
	modules := make(map[string]any, len(from))
	for name, f := range from {
		text, err := m.read(f.File, MaxManifestBytes, "MaxManifestBytes")
		if err != nil {
			return fmt.Errorf("modules_from: %s: %w", name, err)
		}
		modules[name] = string(text)
	}
	r.body["modules"] = modules
	return nil
}

// secretValue reads the value of a secret.
func (m *manifest) secretValue(r resource) (*client.Value, error) {
	from := r.value
	form := valueForm{verbatim: from.Verbatim, trim: from.TrimSpace, json: from.JSON}
	text, err := []byte(os.Getenv(from.Env)), error(nil)
	switch {
	case from.File != "":
		text, err = m.read(from.File, secretstore.MaxValueBytes, "MaxValueBytes")
	case len(text) == 0:
		err = fmt.Errorf("the environment variable %s is not set", from.Env)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: value_from: %w", r, err)
	}
	v, err := form.value(text)
	if err != nil {
		return nil, fmt.Errorf("%s: value_from: %w", r, err)
	}
	return v, nil
}

// read reads a file of the manifest.
func (m *manifest) read(name string, limit int, limitName string) ([]byte, error) {
	if name == "" {
		return nil, errors.New("file is missing")
	}
	f, err := m.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	text, err := readAtMost(f, limit, limitName)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return text, nil
}

// take moves a member of a body into v and refuses members that v has not. The
// error tells the shape, not what stood there.
func take(body map[string]any, member string, v any) error {
	raw, err := json.Marshal(body[member])
	if err != nil {
		return fmt.Errorf("%s: %w", member, err)
	}
	delete(body, member)
	if strictly(raw, v) != nil {
		return fmt.Errorf("%s: it has another shape; see `reticent apply --help`", member)
	}
	return nil
}

// strictly decodes JSON and refuses unknown members.
func strictly(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(v)
}
