package decisionlog

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/record"
	"github.com/reticent/reticent/secretstore/seal"
)

// entry is a record on its way to the disk.
type entry struct {
	Record
	evaluation *policy.Evaluation
	candidate  policy.Decision
	// tried is the candidate, nil if there is none any more.
	tried *secretstore.Document
}

// asked are the policies whose secrets may be in what is recorded: those that
// answered, and the candidate. What one of them shows of the input, another may know
// for a secret.
func (e *entry) asked() []*secretstore.Document {
	if e.tried == nil {
		return e.evaluation.Policies
	}
	return append(slices.Clone(e.evaluation.Policies), e.tried)
}

// encode masks a decision, sends it on and gives what is stored. What cannot be
// masked is dropped.
func (l *Log) encode(e *entry) ([]byte, error) {
	r, err := l.mask(e)
	switch {
	case err != nil:
		l.cfg.Dropped(DroppedMask, 1)
		l.cfg.Log.Warn("a decision was not recorded: it could not be masked", "policy", nameOf(e.evaluation), "error", err)
		return nil, nil
	case r == nil: // so a rule wants it
		return nil, nil
	}
	raw, err := record.Encode(r, MaxRecordBytes, &r.Omitted,
		record.Part{Name: "input", Drop: func() { r.Input, r.Masked = nil, r.Masked[:0] }},
		record.Part{Name: "result", Drop: func() { r.Result = nil }},
		record.Part{Name: "dry_run", Drop: func() { r.DryRun.Result = nil }})
	if err != nil {
		return nil, err
	}
	if l.cfg.Stream != nil {
		line, err := json.Marshal(r.event())
		if err != nil || !l.cfg.Stream.Send(append(line, '\n')) {
			l.cfg.Dropped(DroppedStream, 1)
		}
	}
	return raw, nil
}

// mask makes the record of a decision; it is nil if a rule drops it. The error holds no
// value.
func (l *Log) mask(e *entry) (*Record, error) {
	x := e.evaluation
	r := &Record{ID: x.ID, Script: x.Script, Scope: x.Scope.Path(), Point: x.Point, Target: x.Target, Path: x.Path, Principal: x.By.ID,
		RequestID: x.RequestID, Started: x.Started.UTC().Truncate(time.Millisecond), Duration: milliseconds(x.Duration), Node: l.cfg.Node,
		Decision: x.Decision.Decision, Outcome: outcomeOf(x.Decision), Masked: []seal.Masked{}, DryRun: e.DryRun}
	if len(x.Policies) > 0 {
		doc := x.Policies[0]
		r.Policy, r.PolicyScope, r.Version = doc.Name, doc.Scope.Path(), doc.Version
		for _, doc := range x.Policies[1:] {
			if doc != x.Policies[0] {
				r.Others = append(r.Others, Other{doc.Name, doc.Scope.Path(), doc.Version})
			}
		}
	}
	if err := l.names(r, e); err != nil {
		return nil, err
	}
	if err := l.input(r, e); err != nil {
		return nil, err
	}
	var err error
	if r.Result, err = resultOf(x.Decision, x.Answer); err != nil {
		return nil, err
	}
	if r.DryRun != nil {
		if r.DryRun.Result, err = resultOf(e.candidate, nil); err != nil {
			return nil, err
		}
		if r.DryRun.Result, _, err = l.sealed(e, r.DryRun.Result); err != nil {
			return nil, err
		}
	}
	if len(e.asked()) > 1 { // each engine masked the secrets of its own policy
		if r.Result, _, err = l.sealed(e, r.Result); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), MaskTime)
	defer cancel()
	masks, err := l.cfg.Policies.Masks(ctx, x.By, x.Scope, nameOf(x), func() (json.RawMessage, error) { return json.Marshal(r.event()) })
	if err != nil || masks.Drop {
		return nil, err
	}
	return r, r.apply(masks.Rules)
}

// names masks what the caller named: a path and a target are his words as the input
// is.
func (l *Log) names(r *Record, e *entry) error {
	for _, name := range []*string{&r.Path, &r.Target} {
		if *name == "" {
			continue
		}
		masked, _, err := l.sealed(e, *name)
		if err != nil {
			return err
		}
		*name = masked.(string)
	}
	return nil
}

// input seals and masks the input.
func (l *Log) input(r *Record, e *entry) error {
	x := e.evaluation
	switch {
	case x.LongInput:
		r.Omitted = append(r.Omitted, "input")
		return nil
	case x.MaskedInput != nil:
		r.Input = x.MaskedInput
		return nil
	case x.Input == nil:
		return nil
	}
	v, err := jsonvalue.Decode(x.Input)
	if err != nil {
		return nil // it was no input
	}
	r.Input, r.Masked, err = l.sealed(e, record.Redact(v))
	return err
}

// sealed masks the secrets of all who were asked in a value, and says where they
// were.
func (l *Log) sealed(e *entry, v any) (any, []seal.Masked, error) {
	found := []seal.Masked{}
	for _, doc := range e.asked() {
		options := l.cfg.Store.RunOptions(e.evaluation.By, doc.Scope)
		options.Random = nil // a sequence of a test's is for evaluations
		run := doc.SealingSet().NewRun(options)
		in, err := run.SealValue(v)
		if err != nil {
			return nil, nil, errors.New("what is recorded cannot be sealed")
		}
		masked, where := record.Secrets(run, in)
		v, found = masked, append(found, where...)
	}
	return v, found, nil
}

// resultOf is what a record has of an answer: engines have masked it, and what is
// named like a credential in what a policy gave is hidden as well.
func resultOf(d policy.Decision, answer any) (any, error) {
	if answer != nil {
		v, err := plain(answer)
		return record.Redact(v), err
	}
	d.Explanation = nil
	v, err := plain(d)
	if err != nil {
		return nil, err
	}
	out := v.(map[string]any)
	for _, name := range []string{"failures", "recovery", "output", "context"} {
		if part, ok := out[name]; ok {
			out[name] = record.Redact(part)
		}
	}
	return out, nil
}

// plain gives a value as encoding/json decodes it.
func plain(v any) (out any, err error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, errors.New("the answer is not JSON")
	}
	if out, err = jsonvalue.Decode(raw); err != nil {
		return nil, errors.New("the answer is not strict JSON")
	}
	return out, nil
}

// nameOf is the name of what answered.
func nameOf(x *policy.Evaluation) string {
	if len(x.Policies) > 0 {
		return x.Policies[0].Name
	}
	return x.Script
}
