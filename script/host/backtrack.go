package host

import (
	"errors"

	"github.com/dlclark/regexp2/v2"

	"github.com/reticent/reticent/script/program"
)

// Regular expressions that need backtracking run in libraries only, which cannot
// be rewritten. The package that runs them for the engine gives up where its stack
// is full, and the engine takes that for "no match", which would be wrong. Without
// a bound the memory of the worker is the bound, and its deadline that on time: a
// run ends with an error then.
func init() { regexp2.DefaultOptimizationOptions.MaxBacktrackingStackSize = -1 }

// backtracks reports whether a pattern needs backtracking and whoever makes a
// regular expression of it is a library.
func (h *Host) backtracks(pattern, flags string) bool {
	if len(h.job.Script.libraries) == 0 || !errors.Is(program.CheckRegexp(pattern, flags), program.ErrBacktracking) {
		return false
	}
	for _, frame := range h.vm.CaptureCallStack(8, nil) {
		if file := frame.Position().Filename; file != "" {
			return h.job.Script.libraries[file]
		}
	}
	return false
}
