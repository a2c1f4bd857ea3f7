package envelope_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/internal/plaintext"
)

func TestCreateAndOpenFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "key.json")
	created, err := envelope.CreateFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode(); got != 0o600 {
		t.Errorf("mode %v, want 0600", got)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("directory holds %v, %v; want the key file alone", entries, err)
	}
	s := seal(t, created, canary, shopToken)
	opened, err := envelope.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if opened.ID() != created.ID() || !strings.HasPrefix(opened.ID(), "kek_") {
		t.Errorf("id %q, created with %q", opened.ID(), created.ID())
	}
	value, err := opened.Open(s, shopToken)
	if err != nil || string(plaintext.Open(value)) != canary {
		t.Errorf("the file's keyring does not open what the first sealed: %v", err)
	}
	if text := readFile(t, path); bytes.Contains(text, []byte(canary)) || !bytes.Contains(text, []byte("key-encryption keys")) {
		t.Error("the key file holds a plaintext or does not say what it is")
	}
}

func TestCreateFileNeverOverwrites(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "something"} {
		dir := t.TempDir()
		path := filepath.Join(dir, "key.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := envelope.CreateFile(path); !errors.Is(err, fs.ErrExist) {
			t.Errorf("got %v, want fs.ErrExist", err)
		}
		if got := readFile(t, path); string(got) != content {
			t.Errorf("the file changed from %q to %q", content, got)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("directory holds %v, %v; want the old file alone", entries, err)
		}
	}
	dangling := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(t.TempDir(), "elsewhere"), dangling); err != nil {
		t.Fatal(err)
	}
	if _, err := envelope.CreateFile(dangling); !errors.Is(err, fs.ErrExist) {
		t.Errorf("at a dangling link: %v, want fs.ErrExist", err)
	}
	if _, err := envelope.CreateFile(filepath.Join(t.TempDir(), "none", "key.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a directory that is not there: %v, want fs.ErrNotExist", err)
	}
}

func TestOpenFileRefusesOthersAccess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key.json")
	if _, err := envelope.CreateFile(path); err != nil {
		t.Fatal(err)
	}
	for mode, ok := range map[os.FileMode]bool{
		0o600: true, 0o400: true, 0o700: true,
		0o640: false, 0o604: false, 0o620: false, 0o602: false, 0o644: false, 0o601: false, 0o666: false,
	} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := envelope.OpenFile(path)
		if ok != (err == nil) || !ok && !strings.Contains(err.Error(), "chmod 600 ") {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
}

func TestOpenFileRefusesBadFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "key.json")
	if _, err := envelope.CreateFile(path); err != nil {
		t.Fatal(err)
	}
	good := string(readFile(t, path))
	for name, text := range map[string]string{
		"empty":          "",
		"half":           good[:len(good)/2],
		"one byte short": strings.TrimSpace(good)[:len(strings.TrimSpace(good))-1],
		"twice":          good + good,
		"other format":   strings.Replace(good, "key file v1", "key file v2", 1),
		"no ids":         strings.Replace(good, `"ids"`, `"about"`, 1),
		"unknown field":  strings.Replace(good, `"about"`, `"more": 1, "about"`, 1),
		"bad keyset":     strings.Replace(good, `"primaryKeyId"`, `"primary"`, 1),
		"not enabled":    strings.Replace(good, `"ENABLED"`, `"DISABLED"`, 1),
		"no prefix":      strings.Replace(good, `"TINK"`, `"RAW"`, 1),
		"other key type": strings.Replace(good, `AesGcmKey`, `AesSivKey`, 1),
		"too large":      good + strings.Repeat(" ", envelope.MaxKeyFileBytes),
	} {
		if text == good {
			t.Fatalf("%s: the case changes nothing", name)
		}
		bad := filepath.Join(dir, name)
		if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		k, err := envelope.OpenFile(bad)
		if err == nil || k != nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v, want an error with the path", name, err)
			continue
		}
		if key := keyText(t, good); strings.Contains(err.Error(), key[:16]) {
			t.Errorf("%s: the error holds the key", name)
		}
	}
	if _, err := envelope.OpenFile(filepath.Join(dir, "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v, want fs.ErrNotExist", err)
	}
	if _, err := envelope.OpenFile(dir); err == nil {
		t.Error("a directory opened as a key file")
	}
}

// keyText returns the base64 of the key in a key file.
func keyText(t *testing.T, file string) string {
	t.Helper()
	const before = `"value": "`
	i := strings.Index(file, before)
	if i < 0 {
		t.Fatalf("no key in the file")
	}
	return file[i+len(before):]
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
