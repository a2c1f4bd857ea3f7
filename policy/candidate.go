package policy

import (
	"context"

	"github.com/reticent/reticent/secretstore"
)

// A binding may name a candidate beside the policy that answers. It is tried after
// the answer, on the same input, and what it decides is recorded beside the
// decision and changes nothing.

// codeUntried: a candidate was not asked.
const codeUntried = "not_tried"

// Try decides with the candidate of an evaluation. It is recorded nowhere else.
// Comparisons with weak secrets that miss are not counted against who asked: a
// candidate must not take anything away from him. The document is nil where there
// is no such policy any more.
func (s *Service) Try(ctx context.Context, x *Evaluation) (Decision, *secretstore.Document) {
	if x.tried == nil {
		return denied(codeUntried, "the input is too long to be kept for a candidate (MaxTriedInputBytes)"), nil
	}
	// That whoever bound it may execute it was decided then, as of what answers.
	by := secretstore.Principal{ID: "candidate for " + x.By.ID, Admin: true}
	b, err := s.find(ctx, by, x.from, x.Candidate)
	if err != nil {
		return denied("candidate_missing", "there is no such policy any more"), nil
	}
	if b.err != nil {
		return b.unusable(), b.doc
	}
	if err := checkInput(b.policyOf, pointOf(x.Point), x.tried); err != nil {
		return denied(CodeInput, "the input does not fit the candidate's type"), b.doc
	}
	s.Store.Used(x.By, b.doc)
	d := b.policy.Evaluate(ctx, x.tried, s.Store.RunOptions(by, b.doc.Scope))
	s.Store.Evaluated(ctx, x.By, b.doc, d.outcome())
	return d, b.doc
}

// Untried is what a candidate decides that there was no time to ask.
func Untried() Decision {
	return denied(codeUntried, "candidates took longer than decisions came")
}

// Skipped reports whether a candidate was not asked.
func (d Decision) Skipped() bool { return d.Error != nil && d.Error.Code == codeUntried }

// pointOf gives the point of an occasion, "" for none.
func pointOf(point string) Point {
	if point == AtEvaluate {
		return ""
	}
	return Point(point)
}
