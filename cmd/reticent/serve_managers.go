package main

import (
	"errors"
	"log/slog"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/reticent/reticent/api"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/manager"
)

// registerManagers adds the flags of what external secret managers may use of the
// server's own.
func registerManagers(flags *pflag.FlagSet, l *manager.Local) {
	flags.BoolVar(&l.Implicit, "manager-implicit", false, "let managers go by the server's own credentials: a pod's service account, the default chain of AWS")
	flags.StringArrayVar(&l.Directories, "manager-directory", nil, "let managers read secrets in this `directory`; repeatable")
	flags.StringArrayVar(&l.EnvironmentPrefixes, "manager-environment", nil, "let managers read variables of the server's environment that begin with this `prefix`; repeatable")
}

// openManagers makes the service of external secret managers.
func (s *server) openManagers(store *secretstore.Store, out *egress.Client, log *slog.Logger, metrics *api.Metrics) (*manager.Service, error) {
	for _, dir := range s.local.Directories {
		if !filepath.IsAbs(dir) {
			return nil, hint(errors.New("--manager-directory takes an absolute path"), "name it from the root on")
		}
	}
	for _, prefix := range s.local.EnvironmentPrefixes {
		if prefix == "" {
			return nil, hint(errors.New("--manager-environment takes a prefix that is not empty"), "use one such as APP_SECRET_")
		}
	}
	m := manager.NewService(manager.Config{Store: store, Egress: out, Local: s.local, Log: log, Fetched: metrics.Fetched})
	metrics.Managers(m.Open)
	return m, nil
}
