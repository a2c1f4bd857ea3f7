package envelope

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// keyFileFormat is the version of the form of a key file.
const keyFileFormat = "reticent key file v1"

// keyFileAbout explains a key file to whoever opens it.
const keyFileAbout = "The key-encryption keys of a Reticent server. Whoever has this file and the database can read every secret in it; without this file nobody can, and there is no other copy of it. Keep it private (mode 0600), back it up, and never keep a backup of it together with one of the database. \"keyset\" is a Tink keyset in clear text, and \"ids\" has the name by which the database knows each of its keys."

// keyFile is the JSON of a key file: one Tink keyset, whose primary key wraps,
// and an id for each key by the id that Tink has for it. Tink's has 32 bits,
// too few to tell the keys of all servers apart.
type keyFile struct {
	About  string            `json:"about"`
	Format string            `json:"format"`
	IDs    map[string]string `json:"ids"`
	Keyset json.RawMessage   `json:"keyset"`
}

// encode gives the text of the key file of k.
func (k *Keyring) encode() ([]byte, error) {
	var clearText bytes.Buffer
	keys := k.keys.Load()
	if err := insecurecleartextkeyset.Write(keys.handle, keyset.NewJSONWriter(&clearText)); err != nil {
		return nil, fmt.Errorf("write keyset: %w", err)
	}
	defer clear(clearText.Bytes())
	ids := make(map[string]string, len(keys.ids))
	for tinkID, id := range keys.ids {
		ids[strconv.FormatUint(uint64(tinkID), 10)] = id
	}
	f := keyFile{About: keyFileAbout, Format: keyFileFormat, IDs: ids, Keyset: clearText.Bytes()}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write: %w", err)
	}
	return append(b, '\n'), nil
}

// parse reads the text of a key file. Its errors quote nothing of the text but
// ids: the JSON decoders' own errors are left out, as they can hold a part of
// a key.
func parse(text []byte) (*Keyring, error) {
	var f keyFile
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if d.Decode(&f) != nil || !atEnd(d) {
		return nil, errors.New("not the JSON of a key file, or not all of it")
	}
	defer clear(f.Keyset)
	if f.Format != keyFileFormat {
		return nil, fmt.Errorf("format is not %q", keyFileFormat)
	}
	ids, err := parseIDs(f.IDs)
	if err != nil {
		return nil, err
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(f.Keyset)))
	if err != nil {
		return nil, errors.New("keyset is not a valid Tink keyset")
	}
	return newKeyring(handle, ids)
}

func parseIDs(texts map[string]string) (map[uint32]string, error) {
	ids := make(map[uint32]string, len(texts))
	for text, id := range texts {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, errors.New("ids: a key of Tink's is not a number of 32 bits")
		}
		ids[uint32(n)] = id
	}
	if len(ids) != len(texts) {
		return nil, errors.New("ids: a key of Tink's is there twice")
	}
	return ids, nil
}

func atEnd(d *json.Decoder) bool {
	_, err := d.Token()
	return errors.Is(err, io.EOF)
}
