package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/audit"
)

// listAudit lists audit entries, the newest first unless it is asked otherwise.
func (s *server) listAudit(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	q, err := query(r, "page_size", "page_token", "order", "principal", "action", "name", "secret", "outcome", "since", "until")
	if err != nil {
		return err
	}
	page, err := pageOf(q)
	if err != nil {
		return err
	}
	f := secretstore.AuditFilter{Principal: q.Get("principal"), Action: q.Get("action"), Name: q.Get("name"), Secret: q.Get("secret"),
		Outcome: audit.Outcome(q.Get("outcome")), Size: page.Size, Forwards: q.Get("order") == "asc"}
	if order := q.Get("order"); order != "" && order != "asc" && order != "desc" {
		return refuse(http.StatusBadRequest, "invalid_request", "order is asc or desc")
	}
	if page.Token != "" {
		if f.From, err = strconv.ParseInt(page.Token, 10, 64); err != nil || f.From < 1 {
			return refuse(http.StatusBadRequest, "invalid_request", "page_token is the next_page_token of the page before")
		}
	}
	for name, at := range map[string]*time.Time{"since": &f.Since, "until": &f.Until} {
		if !q.Has(name) {
			continue
		}
		if *at, err = time.Parse(time.RFC3339Nano, q.Get(name)); err != nil {
			return refuse(http.StatusBadRequest, "invalid_request", "%s is a time of RFC 3339, such as 2026-01-31T08:00:00Z", name)
		}
	}
	found, err := s.store.Audit(r.Context(), t.by, t.scope, f)
	if err != nil {
		return err
	}
	out := secretstore.Page[audit.Entry]{Items: found.Entries}
	if out.Items == nil {
		out.Items = []audit.Entry{}
	}
	if found.Next != 0 {
		out.NextPageToken = strconv.FormatInt(found.Next, 10)
	}
	return s.answer(w, http.StatusOK, "", out)
}

// verifyAudit checks the whole audit log.
func (s *server) verifyAudit(w http.ResponseWriter, r *http.Request) error {
	report, err := s.store.VerifyAudit(r.Context(), exchangeOf(r).principal)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", report)
}
