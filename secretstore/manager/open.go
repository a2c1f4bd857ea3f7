package manager

import (
	"net/http"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/seal"
)

// connection is what sources reach their managers with.
type connection struct {
	s   *Service
	doc *secretstore.Document
}

// credential gives the text of a secret that the manager's document names, if it may
// go to a host in a place of a request. It is read for each connection: nothing keeps
// it.
func (c connection) credential(name string, to seal.Target, in seal.Position) (string, error) {
	v, err := c.s.cfg.Store.Credential(c.doc, name, seal.Place{Scheme: to.Scheme, Host: to.Host, Port: to.Port, In: in})
	if err != nil {
		c.s.cfg.Log.Error("the credential of a manager is unavailable", "manager", c.doc.Name, "scope", c.doc.Scope.Path(), "error", err)
		return "", ErrConfig
	}
	return string(plaintext.Open(v)), nil
}

// client gives an HTTP client that reaches some hosts and no others.
func (c connection) client(targets ...seal.Target) *http.Client {
	return c.s.cfg.Egress.Confined(MaxResponseBytes, targets...)
}

// open makes the source of a manager. It calls nobody.
func (s *Service) open(doc *secretstore.Document, d *Document) (Source, error) {
	c := connection{s, doc}
	switch {
	case d.Directory != nil:
		return directory{d.Directory.Path, d.keyed()}, nil
	case d.Environment != nil:
		return environment{d.Environment.Prefix}, nil
	case s.cfg.Egress == nil:
		return nil, ErrConfig
	case d.Vault != nil:
		return newVault(c, *d.Vault)
	case d.AWS != nil:
		return newAWS(c, *d.AWS)
	}
	return nil, ErrConfig
}
