package api

import (
	"net/http"

	"github.com/reticent/reticent/secretstore"
)

// wellKnown is where AuthZEN has the metadata of a decision point; the path of one
// that has a path follows (section 9.2, RFC 8615).
const wellKnown = "/.well-known/authzen-configuration"

// authZENMetadata describes a decision point (AuthZEN section 9.1).
type authZENMetadata struct {
	PolicyDecisionPoint       string `json:"policy_decision_point"`
	AccessEvaluationEndpoint  string `json:"access_evaluation_endpoint"`
	AccessEvaluationsEndpoint string `json:"access_evaluations_endpoint"`
	SearchSubjectEndpoint     string `json:"search_subject_endpoint"`
	SearchResourceEndpoint    string `json:"search_resource_endpoint"`
	SearchActionEndpoint      string `json:"search_action_endpoint"`
}

// authZENConfiguration answers with the metadata of the decision point of a scope.
// It needs no token and says the same of scopes that there are not, so that it
// tells nobody which there are.
func (s *server) authZENConfiguration(w http.ResponseWriter, r *http.Request) error {
	scope, err := scopeOf(r)
	if err != nil {
		return err
	}
	base := s.publicURL
	if base == "" {
		base = "http://" + r.Host
		if r.TLS != nil {
			base = "https://" + r.Host
		}
	}
	if scope != (secretstore.Scope{}) {
		base += "/v1/" + scope.Path()
	}
	at := base + "/access/v1"
	w.Header().Set("Cache-Control", "public, max-age=300")
	return s.answer(w, http.StatusOK, "", authZENMetadata{
		PolicyDecisionPoint: base, AccessEvaluationEndpoint: at + "/evaluation", AccessEvaluationsEndpoint: at + "/evaluations",
		SearchSubjectEndpoint: at + "/search/subject", SearchResourceEndpoint: at + "/search/resource", SearchActionEndpoint: at + "/search/action",
	})
}
