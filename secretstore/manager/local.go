package manager

import (
	"path/filepath"
	"slices"
	"strings"
)

// Local is what of the server's own managers may use. The zero value is nothing.
type Local struct {
	// Implicit lets managers go by the credentials that the server finds for
	// itself: a pod's service account, the default chain of AWS.
	Implicit bool
	// Directories are those in which directories may be; absolute.
	Directories []string
	// EnvironmentPrefixes begin the variables that may be read.
	EnvironmentPrefixes []string
	// TokenFile has the token of the pod's service account; "" is [TokenFile].
	TokenFile string
}

// TokenFile is where Kubernetes puts the token of a pod's service account.
const TokenFile = "/var/run/secrets/kubernetes.io/serviceaccount/token"

func (l Local) tokenFile() string {
	if l.TokenFile == "" {
		return TokenFile
	}
	return l.TokenFile
}

// allows makes sure that a manager uses no more than that.
func (l Local) allows(d *Document) error {
	switch {
	case d.Directory != nil:
		path := filepath.Clean(d.Directory.Path)
		if !slices.ContainsFunc(l.Directories, func(root string) bool { return within(path, filepath.Clean(root)) }) {
			return invalid("/directory/path: it is in no directory that the server was given with --manager-directory")
		}
	case d.Environment != nil:
		if !slices.ContainsFunc(l.EnvironmentPrefixes, func(p string) bool { return strings.HasPrefix(d.Environment.Prefix, p) }) {
			return invalid("/environment/prefix: it begins with no prefix that the server was given with --manager-environment")
		}
	default:
		s, err := d.settings()
		if err == nil && s.local() && !l.Implicit {
			return invalid("/%s: the server's own credentials are for managers only with --manager-implicit; name secrets instead", d.Kind)
		}
	}
	return nil
}

func within(path, root string) bool {
	return path == root || strings.HasPrefix(path, strings.TrimSuffix(root, "/")+"/")
}
