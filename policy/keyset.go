package policy

import (
	"context"
	"fmt"
	"net/http"

	"github.com/reticent/reticent/policy/jwks"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/seal"
)

// FetchKeySets fetches key sets as package egress lets it: no address that is
// not public unless the operator says so, and what comes back sealed against
// every secret that its host may have. No secret is in the request.
func FetchKeySets(client *egress.Client, store *secretstore.Store) jwks.Fetch {
	return func(ctx context.Context, url string) ([]byte, error) {
		run := seal.NewSet(nil, nil).NewRun(store.RunOptions(secretstore.Principal{}, secretstore.Scope{}))
		response, err := client.Do(ctx, run, egress.Request{
			URL: url, Header: http.Header{"Accept": {"application/jwk-set+json, application/json"}},
		})
		switch {
		case err != nil:
			return nil, err
		case response.Status != http.StatusOK:
			return nil, fmt.Errorf("the host of a JWKS answers with status %d", response.Status)
		}
		return response.Body, nil
	}
}
