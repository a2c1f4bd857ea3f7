package manager

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/access"
	"github.com/reticent/reticent/secretstore/seal"
)

// Kind is what sort of manager it is.
type Kind string

// The kinds.
const (
	KindVault       Kind = "vault" // OpenBao too
	KindAWS         Kind = "aws"
	KindDirectory   Kind = "directory"
	KindEnvironment Kind = "environment"
)

// Document is a manager as it is stored. It has the member that its kind names.
type Document struct {
	Kind        Kind         `json:"kind"`
	Vault       *Vault       `json:"vault,omitempty"`
	AWS         *AWS         `json:"aws,omitempty"`
	Directory   *Directory   `json:"directory,omitempty"`
	Environment *Environment `json:"environment,omitempty"`

	// Keys says whether its secrets have several values each, so that the last part of
	// a reference is the key of one. Nil is the usual of the kind: Vault's have, and
	// those of AWS.
	Keys *bool `json:"keys,omitempty"`
	// Groups are whom it is assigned to: "group:NAME" or "group:ISSUER:NAME". Without
	// any it is for whom grants give use.
	Groups []string `json:"groups"`
	// AllowedHosts and AllowedIn are the limits of all its secrets.
	AllowedHosts []string `json:"allowed_hosts"`
	AllowedIn    []string `json:"allowed_in"`
	// TTLSeconds bounds how long a secret is kept; 0 is until it expires, or DefaultTTL
	// for one that does not.
	TTLSeconds int `json:"ttl_seconds"`
	// StaleSeconds is how much longer it may be used while the manager fails.
	StaleSeconds int `json:"stale_seconds"`
	// TimeoutMS bounds a fetch; 0 is DefaultTimeout.
	TimeoutMS   int    `json:"timeout_ms"`
	Description string `json:"description"`
}

// settings are those of one kind.
type settings interface {
	// check makes sure of them, and names the secrets that they refer to.
	check() (secrets []string, err error)
	// local reports whether they go by what is the server's own.
	local() bool
}

func invalid(format string, args ...any) error {
	return &secretstore.Failure{Class: secretstore.ErrInvalid, Message: fmt.Sprintf(format, args...)}
}

func (d *Document) settings() (settings, error) {
	all := map[Kind]settings{}
	if d.Vault != nil {
		all[KindVault] = d.Vault
	}
	if d.AWS != nil {
		all[KindAWS] = d.AWS
	}
	if d.Directory != nil {
		all[KindDirectory] = d.Directory
	}
	if d.Environment != nil {
		all[KindEnvironment] = d.Environment
	}
	kinds := []Kind{KindVault, KindAWS, KindDirectory, KindEnvironment}
	if !slices.Contains(kinds, d.Kind) {
		return nil, invalid("/kind: use vault, aws, directory or environment")
	}
	if len(all) != 1 || all[d.Kind] == nil {
		return nil, invalid("/%s: a manager of the kind %s has this member, and none of another kind", d.Kind, d.Kind)
	}
	return all[d.Kind], nil
}

// check makes sure of a document and completes it.
func (l Local) check(_ context.Context, scope secretstore.Scope, _ string, d *Document) (secretstore.References, error) {
	s, err := d.settings()
	if err != nil {
		return secretstore.References{}, err
	}
	secrets, err := s.check()
	if err != nil {
		return secretstore.References{}, err
	}
	if s.local() && scope != (secretstore.Scope{}) {
		return secretstore.References{}, invalid("/%s: what goes by the server's own credentials, files or environment is stored on the platform", d.Kind)
	}
	if err := l.allows(d); err != nil {
		return secretstore.References{}, err
	}
	if err := d.check(); err != nil {
		return secretstore.References{}, err
	}
	slices.Sort(secrets)
	return secretstore.References{Secrets: slices.Compact(secrets)}, nil
}

func (d *Document) check() error {
	if d.Groups == nil {
		d.Groups = []string{}
	}
	if d.AllowedHosts == nil {
		d.AllowedHosts = []string{}
	}
	if len(d.AllowedIn) == 0 {
		d.AllowedIn = []string{string(seal.Header)}
	}
	if len(d.Groups) > MaxGroups {
		return invalid("/groups: more than %d (MaxGroups)", MaxGroups)
	}
	for i, g := range d.Groups {
		if access.CheckSubject(g) != nil || !strings.HasPrefix(g, "group:") {
			return invalid("/groups/%d: write group:NAME, or group:ISSUER:NAME for one that an issuer's tokens name", i)
		}
	}
	if _, err := secretstore.ParseLimits(d.AllowedHosts, d.AllowedIn); err != nil {
		return err
	}
	switch {
	case d.TTLSeconds < 0 || time.Duration(d.TTLSeconds)*time.Second > MaxTTL:
		return invalid("/ttl_seconds: from 0 to %d (MaxTTL)", int(MaxTTL.Seconds()))
	case d.StaleSeconds < 0 || time.Duration(d.StaleSeconds)*time.Second > MaxTTL:
		return invalid("/stale_seconds: from 0 to %d (MaxTTL)", int(MaxTTL.Seconds()))
	case d.TimeoutMS < 0 || time.Duration(d.TimeoutMS)*time.Millisecond > MaxTimeout:
		return invalid("/timeout_ms: from 0 to %d (MaxTimeout)", MaxTimeout.Milliseconds())
	case len(d.Description) > secretstore.MaxDescriptionBytes:
		return invalid("/description: longer than %d bytes (MaxDescriptionBytes)", secretstore.MaxDescriptionBytes)
	}
	return nil
}

// keyed reports whether the last part of a reference is a key.
func (d *Document) keyed() bool {
	if d.Keys != nil {
		return *d.Keys
	}
	return d.Kind == KindVault || d.Kind == KindAWS
}

// split takes what follows the manager's name in a reference apart.
func (d *Document) split(path string) (name, key string) {
	if !d.keyed() {
		return path, ""
	}
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:]
}

func (d *Document) timeout() time.Duration {
	if d.TimeoutMS == 0 {
		return DefaultTimeout
	}
	return time.Duration(d.TimeoutMS) * time.Millisecond
}

// life says until when what was fetched now is fresh, and until when it may be used
// while the manager fails.
func (d *Document) life(now time.Time, f Fetched) (fresh, end time.Time) {
	ttl := time.Duration(d.TTLSeconds) * time.Second
	switch {
	case ttl > 0:
		fresh = now.Add(ttl)
	case f.ExpiresAt.IsZero():
		fresh = now.Add(DefaultTTL)
	default:
		fresh = f.ExpiresAt
	}
	end = fresh.Add(time.Duration(d.StaleSeconds) * time.Second)
	if at := f.ExpiresAt; !at.IsZero() {
		fresh, end = earlier(fresh, at), earlier(end, at)
	}
	return fresh, end
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// checkURL makes sure that an address is one of https, or of http where it says so,
// and no more than scheme, host, port and maybe a path.
func checkURL(pointer, text string) error {
	if _, err := targetOf(text); err != nil {
		return invalid("%s: an URL of https or http with a host, without user, query and fragment, is expected", pointer)
	}
	return nil
}

// targetOf gives where an URL leads.
func targetOf(text string) (seal.Target, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return seal.Target{}, fmt.Errorf("not an address")
	}
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	t := seal.Target{Scheme: u.Scheme, Port: map[string]int{"https": 443, "http": 80}[u.Scheme]}
	if t.Host, err = seal.NormalizeHost(host); err != nil {
		return seal.Target{}, err
	}
	if p := u.Port(); p != "" {
		if t.Port, err = strconv.Atoi(p); err != nil || t.Port < 1 || t.Port > 65535 {
			return seal.Target{}, fmt.Errorf("not a port")
		}
	}
	return t, nil
}

// checkSecret makes sure that a member names a secret.
func checkSecret(pointer, name string) error {
	if name == "" {
		return invalid("%s: the name of a secret is expected", pointer)
	}
	if err := secretstore.CheckName(secretstore.Name(name)); err != nil {
		return invalid("%s: %s", pointer, err.Error())
	}
	return nil
}
