package keyuri_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/envelope/keyuri"
	"github.com/reticent/reticent/secretstore/kv/bolt"
)

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
	o := keyuri.Opener{}
	for uri, name := range map[string]string{
		"file:" + dir + "/key.json":                          "file:" + dir + "/key.json",
		"passphrase:env:PHRASE":                              "passphrase",
		"passphrase:file:" + dir + "/phrase":                 "passphrase",
		"aws-kms://arn:aws:kms:eu-central-1:1:key/k":         "",
		"azure-kv://v.vault.azure.net/keys/k":                "",
		"hcvault://vault.example.com:8200/transit/keys/name": "",
	} {
		if name == "" {
			name = uri
		}
		if h, err := o.Open(t.Context(), uri); err != nil || h.Name() != name {
			t.Errorf("%s: %v, %v", uri, h, err)
		}
	}
	for _, uri := range []string{"", "file:", "key.json", "/key.json", "passphrase:", "passphrase:env:", "passphrase:file:", "passphrase:prompt", "passphrase:correct horse battery", "aws-kms://k", "gcp-kms://k", "azure-kv://k", "hcvault://k", "s3://k"} {
		_, err := o.Open(t.Context(), uri)
		if err == nil {
			t.Errorf("%q is taken", uri)
		} else if strings.Contains(err.Error(), "horse") {
			t.Errorf("%q: the error %v has the passphrase", uri, err)
		}
	}
}

func TestPassphrases(t *testing.T) {
	dir := t.TempDir()
	db, err := bolt.Open(filepath.Join(dir, "data", "state.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	const phrase = "correct horse battery staple"
	file := filepath.Join(dir, "phrase")
	if err := os.WriteFile(file, []byte(phrase+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PHRASE", phrase)
	o := keyuri.Opener{KV: db, Prompt: func() ([]byte, error) { return []byte(phrase), nil }}
	k, err := envelope.Generate()
	if err != nil {
		t.Fatal(err)
	}
	// Wherever it comes from, it is the same passphrase.
	for i, uri := range []string{"passphrase:env:PHRASE", "passphrase:file:" + file, "passphrase:prompt"} {
		h, err := o.Open(t.Context(), uri)
		if err == nil && i == 0 {
			err = h.Create(t.Context(), k)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, err := h.Load(t.Context()); err != nil || got.ID() != k.ID() {
			t.Errorf("%s: %v", uri, err)
		}
	}
	load := func(uri string) error {
		t.Helper()
		h, err := o.Open(t.Context(), uri)
		if err == nil {
			_, err = h.Load(t.Context())
		}
		return err
	}
	if err := load("passphrase:env:NOT_THERE"); err == nil || !strings.Contains(err.Error(), "NOT_THERE") {
		t.Errorf("no such variable: %v", err)
	}
	if err := load("passphrase:file:" + file + "2"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no such file: %v", err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := load("passphrase:file:" + file); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file for all: %v", err)
	}
}
