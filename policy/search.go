package policy

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/audit"
	"github.com/reticent/reticent/secretstore/seal"
)

// A policy of Rego can be searched if it says what there is to find: in the
// package of its decision, a set or an array of the name subjects, resources or
// actions, with ids, names, or whole entities. Each of them is then decided on:
// what a search finds is what the policy permits.

// Search is what an AuthZEN search looks for.
type Search string

// What can be searched for (AuthZEN section 8).
const (
	SearchSubject  Search = "subject"
	SearchResource Search = "resource"
	SearchAction   Search = "action"
)

// document is the name of the document that enumerates.
func (s Search) document() string { return string(s) + "s" }

// Codes of problems of searches.
const (
	// CodeUnsearchable: nothing enumerates what is searched for.
	CodeUnsearchable = "search_unsupported"
	// CodeCandidates: what the policy enumerates are no entities.
	CodeCandidates = "invalid_candidates"
	// CodeSecretInResult: an entity has a secret in it, which cannot be shown.
	CodeSecretInResult = "secret_in_result"
)

// SearchRequest asks for all subjects, resources or actions that are permitted.
type SearchRequest struct {
	// ResourceType is resource.type, which says who answers.
	ResourceType string

	search Search
	kind   string // the type of what is searched for
	parts  []*jsonvalue.Part
	from   int // the candidate to go on at
	limit  int
	sum    string // of the request without its page
}

// SearchPage is what a search found.
type SearchPage struct {
	Page    SearchPosition    `json:"page"`
	Context map[string]any    `json:"context,omitempty"`
	Results []json.RawMessage `json:"results"`
}

// SearchPosition says how a search goes on.
type SearchPosition struct {
	// NextToken asks for what follows; "" at the end.
	NextToken string `json:"next_token"`
	Count     int    `json:"count"`
}

// ParseSearch reads a search. The error is a [*Problem] with [CodeInput].
func ParseSearch(search Search, text []byte) (*SearchRequest, error) {
	body, err := parseAuthZENBody[struct {
		authZENBody
		Page jsontext.Value `json:"page"`
	}](text)
	if err != nil {
		return nil, err
	}
	parts := body.read()
	r := &SearchRequest{search: search}
	wanted := &parts.action
	switch search {
	case SearchSubject:
		parts.subject = readEntity("subject", body.Subject, false)
		wanted = &parts.subject
	case SearchResource:
		parts.resource = readEntity("resource", body.Resource, false)
		wanted = &parts.resource
	case SearchAction:
		// A policy sees no action; the others are needed.
		parts.action = authZENPart{part: &jsonvalue.Part{Name: "action"}}
	}
	request, err := parts.request()
	if err != nil {
		return nil, err
	}
	r.ResourceType, r.kind = request.ResourceType, wanted.kind
	for _, p := range request.Parts {
		if p.Text != nil {
			r.parts = append(r.parts, p)
		}
	}
	sum := sha256.Sum256(append([]byte(search), jsonvalue.Join(r.parts)...))
	r.sum = base64.RawURLEncoding.EncodeToString(sum[:16])
	return r, r.readPage(body.Page)
}

// readPage reads what part of the result is asked for (section 8.2.1).
func (r *SearchRequest) readPage(text jsontext.Value) error {
	r.limit = DefaultSearchResults
	if absent(text) {
		return nil
	}
	page, err := parseAuthZENBody[struct {
		Token string `json:"token"`
		Limit *int   `json:"limit"`
	}](text)
	if err != nil || page.Limit != nil && *page.Limit < 0 {
		return badRequest("page must be an object, page.token a string and page.limit a number from 0")
	}
	if page.Limit != nil {
		r.limit = min(*page.Limit, MaxSearchResults)
	}
	if page.Token == "" {
		return nil
	}
	// The token holds what the first request was, and how far it came.
	raw, err := base64.RawURLEncoding.DecodeString(page.Token)
	fields := strings.Split(string(raw), ".")
	if err != nil || len(fields) != 3 {
		return badRequest("page.token is not one that a search gave")
	}
	from, err1 := strconv.Atoi(fields[0])
	limit, err2 := strconv.Atoi(fields[1])
	if err1 != nil || err2 != nil || from < 0 || limit < 0 || limit > MaxSearchResults {
		return badRequest("page.token is not one that a search gave")
	}
	if fields[2] != r.sum || page.Limit != nil && r.limit != limit {
		return badRequest("with page.token all else of the request must be as it was before")
	}
	r.from, r.limit = from, limit
	return nil
}

// token asks for what follows from a candidate on.
func (r *SearchRequest) token(from int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d.%s", from, r.limit, r.sum))
}

// Search finds what a stored policy permits of what it enumerates. The error is a
// [*Problem] with [CodeUnsearchable] where it enumerates nothing of the kind;
// whatever goes wrong in the evaluation finds nothing, and the context says why.
// It is recorded as one decision, which allows if it found something.
func (b *Batch) Search(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, name string, o Occasion, r *SearchRequest) (SearchPage, error) {
	x := Begin(ctx, by, o)
	page, found, problem, err := b.search(ctx, by, scope, name, r)
	if err != nil {
		return page, err
	}
	if problem != nil {
		page = SearchPage{Context: map[string]any{"error": problem}, Results: []json.RawMessage{}}
	}
	x.Path, x.Answer = "search/"+string(r.search), page
	d := newDecision(len(page.Results) > 0)
	d.Error = problem
	b.service.recorded(x, found, scope, d, joining(r.parts))
	return page, nil
}

func (b *Batch) search(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, name string, r *SearchRequest) (page SearchPage, found *bound, problem *Problem, err error) {
	page.Results = []json.RawMessage{}
	if found, err = b.service.find(ctx, by, scope, name); err != nil {
		return page, nil, nil, err
	}
	if found.err != nil {
		return page, found, found.unusable().Error, nil
	}
	own, ok := found.policy.engine.(regoPolicy)
	if !ok || !own.Enumerates(r.search.document()) {
		return page, nil, nil, Unsearchable(r.search)
	}
	b.service.Store.Used(by, found.doc)
	b.service.Store.Evaluated(ctx, by, found.doc, audit.OK) // what it enumerates; each decision has its own
	options := b.service.Store.RunOptions(by, found.doc.Scope)
	candidates, problem := r.candidates(ctx, own, options)
	if problem != nil {
		return page, found, problem, nil
	}
	deadline := time.Now().Add(MaxSearchTime)
	for i := r.from; i < len(candidates); i++ {
		if len(page.Results) == r.limit || i > r.from && (i-r.from >= MaxSearchDecisions || time.Now().After(deadline)) {
			page.Page.NextToken = r.token(i)
			break
		}
		d, _, err := b.evaluate(ctx, by, scope, name, r.with(candidates[i]))
		if err != nil || d.Error != nil {
			return page, found, d.Error, err
		}
		if d.Decision {
			page.Results = append(page.Results, candidates[i])
		}
	}
	page.Page.Count = len(page.Results)
	return page, found, nil, nil
}

// Unsearchable is the problem of a search that nothing can answer.
func Unsearchable(s Search) *Problem {
	return &Problem{Code: CodeUnsearchable, Message: "what is bound to this resource type does not enumerate: a policy of Rego does, with a rule " + s.document() + " beside the one that decides"}
}

// with gives the parts of the request with a candidate in its place.
func (r *SearchRequest) with(candidate json.RawMessage) []*jsonvalue.Part {
	one := &jsonvalue.Part{Name: string(r.search), Text: candidate}
	out := []*jsonvalue.Part{one}
	for _, p := range r.parts {
		if p.Name != one.Name {
			out = append(out, p)
		}
	}
	return out
}

// candidates are the entities that the policy enumerates, each once and in its
// order.
func (r *SearchRequest) candidates(ctx context.Context, p regoPolicy, o seal.Options) ([]json.RawMessage, *Problem) {
	answer := p.Enumerate(ctx, r.search.document(), jsonvalue.Join(r.parts), o)
	switch {
	case answer.Err != nil:
		return nil, &Problem{Code: string(answer.Err.Code), Message: answer.Err.Message}
	case len(answer.Masked) > 0:
		return nil, &Problem{Code: CodeSecretInResult, Message: "the policy enumerates entities that have a secret in them"}
	case !answer.Defined:
		return nil, nil
	}
	list, ok := answer.Value.([]any)
	if !ok {
		return nil, r.invalid()
	}
	var out []json.RawMessage
	seen := make(map[string]bool)
	for _, v := range list {
		text, fits, ok := r.candidate(v)
		if !ok {
			return nil, r.invalid()
		}
		if fits && !seen[string(text)] {
			seen[string(text)] = true
			out = append(out, text)
		}
	}
	return out, nil
}

func (r *SearchRequest) invalid() *Problem {
	return &Problem{Code: CodeCandidates, Message: r.search.document() + " must be a set or an array of ids or names, or of entities as AuthZEN has them"}
}

// candidate reads one. fits is false for an entity of another type.
func (r *SearchRequest) candidate(v any) (text json.RawMessage, fits, ok bool) {
	if id, isID := v.(string); isID {
		v = map[string]any{"type": r.kind, "id": id}
		if r.search == SearchAction {
			v = map[string]any{"name": id}
		}
	}
	object, isObject := v.(map[string]any)
	if !isObject {
		return nil, false, false
	}
	if object["type"] == nil && r.search != SearchAction {
		object["type"] = r.kind
	}
	raw, err := json.Marshal(object)
	if err != nil {
		return nil, false, false
	}
	var x authZENPart
	if r.search == SearchAction {
		x = readAction(jsontext.Value(raw))
	} else {
		x = readEntity(string(r.search), jsontext.Value(raw), true)
	}
	if x.err != nil {
		return nil, false, false
	}
	return x.part.Text, r.search == SearchAction || x.kind == r.kind, true
}
