package rego

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/topdown/print"

	"github.com/reticent/reticent/secretstore/seal"
)

// printer keeps what print() writes, masked and bounded.
type printer struct {
	run *seal.Run
	// tracer takes it down as well; nil if nobody asked.
	tracer *tracer
	lines  []string
	bytes  int
}

// Print is called by the evaluator for each call of print().
func (p *printer) Print(at print.Context, text string) error {
	if p.bytes >= MaxPrintBytes {
		return nil
	}
	if p.run != nil {
		text, _ = p.run.MaskString(sealText(p.run, text))
	}
	if len(text) > MaxPrintBytes-p.bytes {
		text = strings.ToValidUTF8(text[:MaxPrintBytes-p.bytes], "")
		p.bytes = MaxPrintBytes
	}
	p.bytes += len(text) + 1
	p.lines = append(p.lines, text)
	if p.tracer != nil {
		p.tracer.note(text, at.Location)
	}
	return nil
}
