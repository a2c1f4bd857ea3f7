package script

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestRecordIsBounded leaves out what is too large, and writes that down.
func TestRecordIsBounded(t *testing.T) {
	large := strings.Repeat("x", MaxExecutionBytes)
	for want, x := range map[string]*Execution{
		"":                     {Output: "small"},
		"output":               {Output: large, Input: "small"},
		"output input":         {Output: "small", Input: large},
		"output input console": {Console: []ConsoleLine{{Text: large}}},
	} {
		b, err := encodeExecution(x)
		if err != nil || len(b) > MaxExecutionBytes {
			t.Errorf("%s: %d bytes, %v", want, len(b), err)
			continue
		}
		var got Execution
		if err := json.Unmarshal(b, &got); err != nil || strings.Join(got.Omitted, " ") != want || want == "output" && got.Input != "small" {
			t.Errorf("%s: %v %v", want, got.Omitted, err)
		}
	}
	if _, err := encodeExecution(&Execution{Principal: large}); err == nil {
		t.Error("a record of any size is written")
	}
}
