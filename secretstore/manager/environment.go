package manager

import (
	"context"
	"os"
	"regexp"
)

// Environment is the environment of the server. A secret has the name of a variable
// without the prefix.
type Environment struct {
	// Prefix begins the names of the variables.
	Prefix string `json:"prefix"`
}

var variableGrammar = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (e *Environment) check() ([]string, error) {
	if !variableGrammar.MatchString(e.Prefix) {
		return nil, invalid("/environment/prefix: what the names of variables begin with is expected, such as APP_SECRET_")
	}
	return nil, nil
}

func (e *Environment) local() bool { return true }

// environment reads variables of the process.
type environment struct{ prefix string }

// Fetch implements Source.
func (e environment) Fetch(_ context.Context, name string) (Fetched, error) {
	value, ok := os.LookupEnv(e.prefix + name)
	if !ok || value == "" {
		return Fetched{}, ErrNotFound
	}
	return Fetched{Text: value}, nil
}
