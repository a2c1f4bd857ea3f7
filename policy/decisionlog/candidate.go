package decisionlog

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/secretstore"
)

// try asks candidates, one after another, until the log is closed. Then those that
// wait have StopTime.
func (l *Log) try() {
	for {
		select {
		case x := <-l.candidates:
			l.tryOne(context.Background(), x)
		case <-l.stop:
			ctx, cancel := context.WithTimeout(context.Background(), StopTime)
			defer cancel()
			for {
				select {
				case x := <-l.candidates:
					l.tryOne(ctx, x)
				default:
					return
				}
			}
		}
	}
}

func (l *Log) tryOne(ctx context.Context, x *policy.Evaluation) {
	start := time.Now()
	d, doc := l.cfg.Policies.Try(ctx, x)
	l.beside(x, d, doc, time.Since(start))
}

// beside records a decision with what its candidate decided.
func (l *Log) beside(x *policy.Evaluation, d policy.Decision, doc *secretstore.Document, took time.Duration) {
	run := &DryRun{Policy: x.Candidate, Duration: milliseconds(took), Decision: d.Decision, Outcome: outcomeOf(d), Differs: differences(x.Decision, d)}
	if doc != nil {
		run.PolicyScope, run.Version = doc.Scope.Path(), doc.Version
	}
	outcome := "same"
	switch {
	case d.Skipped():
		outcome = "skipped"
	case d.Error != nil:
		outcome = "error"
	case len(run.Differs) > 0:
		outcome = "different"
	}
	l.cfg.Tried(nameOf(x), x.Candidate, outcome)
	l.records.Add(&entry{Record: Record{ID: x.ID, DryRun: run}, evaluation: x, candidate: d, tried: doc})
}

// differences names the parts in which two decisions differ. Both are masked: that
// two secrets differ does not show.
func differences(a, b policy.Decision) []string {
	out := []string{}
	for _, part := range []struct {
		name string
		a, b any
	}{
		{"decision", a.Decision, b.Decision}, {"failures", a.Failures, b.Failures}, {"recovery", a.Recovery, b.Recovery},
		{"output", a.Output, b.Output}, {"context", a.Context, b.Context}, {"error", a.Error, b.Error},
	} {
		x, err1 := json.Marshal(part.a)
		y, err2 := json.Marshal(part.b)
		if err1 != nil || err2 != nil || !bytes.Equal(x, y) {
			out = append(out, part.name)
		}
	}
	return out
}
