package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

// metadataFlags are the metadata of a secret.
type metadataFlags struct {
	description  string
	tags         []string
	allowedHosts []string
	allowedIn    []string
	release      bool
	plain        []string
	placeholders bool
	expires      string
	encoding     string
	rotation     rotationFlags
}

func (m *metadataFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&m.description, "description", "", "a `text` for people")
	flags.StringArrayVar(&m.tags, "tag", nil, "a tag, `KEY=VALUE`; repeatable")
	flags.StringSliceVar(&m.allowedHosts, "allowed-hosts", nil, "where the secret may be sent: `host`, host:port, *.suffix, with http:// for plain HTTP; none means nowhere")
	flags.StringSliceVar(&m.allowedIn, "allowed-in", nil, "where in a request it may stand: `header`, query, path, body, body:/pointer")
	flags.BoolVar(&m.release, "release", false, "give HMACs under it out in plain text")
	flags.StringSliceVar(&m.plain, "plain", nil, "`pointers` to the leaves of a structured secret that are not secret")
	flags.BoolVar(&m.placeholders, "use-in-placeholders", true, "let placeholders use it")
	flags.StringVar(&m.expires, "expires-at", "", "when it ends to be valid, as `2030-01-31T12:00:00Z`")
	m.rotation.register(c)
}

// registerEncoding is for verbs that may make a secret: the encoding of one that
// exists stays as it is.
func (m *metadataFlags) registerEncoding(c *cobra.Command) {
	c.Flags().StringVar(&m.encoding, "encoding", "", "what the value is: `generic` (the default), pem, base64hmac or base64aes; it stays so")
}

// spec gives the metadata of a whole secret.
func (m *metadataFlags) spec() (client.SecretSpec, error) {
	expires, err := m.expiry()
	if err != nil {
		return client.SecretSpec{}, err
	}
	tags, err := m.tagMap()
	if err != nil {
		return client.SecretSpec{}, err
	}
	rotation, err := m.rotation.plan()
	if err != nil {
		return client.SecretSpec{}, err
	}
	return client.SecretSpec{
		Rotation: rotation, Encoding: m.encoding, Description: m.description, Tags: tags, AllowedHosts: m.allowedHosts, AllowedIn: m.allowedIn,
		Release: m.release, Plain: m.plain, UseInPlaceholders: &m.placeholders, ExpiresAt: expires,
	}, nil
}

// patch gives the metadata that the command line names. An empty one resets.
func (m *metadataFlags) patch(c *cobra.Command) (client.SecretPatch, error) {
	var p client.SecretPatch
	given := c.Flags().Changed
	if given("description") {
		p.Description = &m.description
	}
	if given("tag") {
		tags, err := m.tagMap()
		if err != nil {
			return p, err
		}
		changes := make(map[string]*string, len(tags))
		for k, v := range tags {
			changes[k] = &v
		}
		p.Tags = &changes
	}
	if given("allowed-hosts") {
		p.AllowedHosts = &m.allowedHosts
	}
	if given("allowed-in") {
		p.AllowedIn = &m.allowedIn
	}
	if given("release") {
		p.Release = &m.release
	}
	if given("plain") {
		p.Plain = &m.plain
	}
	if given("use-in-placeholders") {
		p.UseInPlaceholders = &m.placeholders
	}
	if given("expires-at") {
		expires, err := m.expiry()
		if err != nil {
			return p, err
		}
		p.ExpiresAt = &expires
	}
	var err error
	p.Rotation, err = m.rotation.patch()
	return p, err
}

func (m *metadataFlags) expiry() (*time.Time, error) {
	if m.expires == "" {
		return nil, nil
	}
	t, err := time.Parse(time.RFC3339, m.expires)
	if err != nil {
		return nil, fmt.Errorf("--expires-at is a time as 2030-01-31T12:00:00Z (RFC 3339)")
	}
	return &t, nil
}

func (m *metadataFlags) tagMap() (map[string]string, error) {
	tags := make(map[string]string, len(m.tags))
	for _, tag := range m.tags {
		key, value, ok := strings.Cut(tag, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--tag is KEY=VALUE")
		}
		tags[key] = value
	}
	return tags, nil
}
