package api

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/secretstore/record"
)

// opaBatchBody asks for one document for several inputs, by an id of each.
type opaBatchBody struct {
	Inputs map[string]jsontext.Value `json:"inputs"`
	// CommonInput has the members that inputs have in common; their own win.
	CommonInput jsontext.Value `json:"common_input"`
}

type opaBatchAnswer struct {
	BatchDecisionID string         `json:"batch_decision_id"`
	Metrics         map[string]any `json:"metrics,omitempty"`
	// Responses has an opaAnswer or an opaProblem for each input.
	Responses map[string]any `json:"responses"`
}

// opaBatch gives a document for several inputs, as Enterprise OPA does: 200 if
// there is an answer to each, 500 if to none, else 207.
func (s *server) opaBatch(w http.ResponseWriter, r *http.Request) error {
	started := time.Now()
	q, err := s.opaRequest(r)
	if err != nil {
		return err
	}
	raw, err := opaBody(w, r)
	if err != nil {
		return err
	}
	var body opaBatchBody
	if err := unmarshalOPA(raw, &body); err != nil {
		return err
	}
	if len(body.Inputs) == 0 {
		return refuse(http.StatusBadRequest, "invalid_request", "inputs is missing: an object with an input by an id of yours")
	}
	if len(body.Inputs) > policy.MaxEvaluations {
		return refuse(http.StatusBadRequest, "limit_exceeded", "the request has more than %d inputs (MaxEvaluations)", policy.MaxEvaluations)
	}
	batch, err := s.policies.DocumentBatch(r.Context(), q.Question, q.path, json.RawMessage(body.CommonInput))
	if err != nil {
		return err
	}
	out := opaBatchAnswer{BatchDecisionID: record.NewID(started), Responses: make(map[string]any, len(body.Inputs))}
	failed := 0
	for id, input := range body.Inputs {
		a, err := batch.Document(q.ctx, json.RawMessage(input))
		if err != nil {
			return err
		}
		if a.Problem != nil && a.Problem.BadInput() {
			return opaFault(a.Problem)
		}
		s.countOPA(a)
		if a.Problem == nil {
			out.Responses[id] = q.answerOf(a)
			continue
		}
		failed++
		p, _ := problemOf(opaFault(a.Problem))
		problem := opaProblemOf(p)
		problem.DecisionID = a.ID
		out.Responses[id] = problem
	}
	status := http.StatusOK
	switch failed {
	case 0:
	case len(body.Inputs):
		status = http.StatusInternalServerError
	default:
		status = http.StatusMultiStatus
		mixed(out.Responses)
	}
	if q.Metrics || q.Instrument {
		out.Metrics = map[string]any{"timer_server_handler_ns": time.Since(started).Nanoseconds()}
	}
	return s.answerOPA(w, q, status, out)
}

// mixed gives each item of a batch the status that it would have had alone.
func mixed(responses map[string]any) {
	for id, item := range responses {
		switch item := item.(type) {
		case opaAnswer:
			item.HTTPStatusCode = "200"
			responses[id] = item
		case opaProblem:
			item.HTTPStatusCode = "500"
			responses[id] = item
		}
	}
}
