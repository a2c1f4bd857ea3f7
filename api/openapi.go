package api

import (
	_ "embed"
	"net/http"
	"sync"

	"sigs.k8s.io/yaml"
)

//go:embed openapi.yaml
var openAPIText []byte

// openAPIDocument is the description of the API as JSON. A test holds it to the
// routes and to what they answer.
var openAPIDocument = sync.OnceValues(func() ([]byte, error) { return yaml.YAMLToJSON(openAPIText) })

func (s *server) openAPI(w http.ResponseWriter, _ *http.Request) error {
	document, err := openAPIDocument()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(document)
	return nil
}
