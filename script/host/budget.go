package host

import (
	"fmt"
	"sync"
	"time"
)

// Budget calls over once, when the processor time that spent gives has grown by
// limit, unless stop is called before. It asks no oftener than that can have
// happened with Processors of them, so that a run that only waits costs nothing.
func Budget(limit time.Duration, spent func() time.Duration, over func()) (stop func()) {
	b := &budget{}
	b.mu.Lock()
	defer b.mu.Unlock()
	end := spent() + limit
	b.timer = time.AfterFunc(limit/Processors, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.stopped {
			return
		}
		if left := end - spent(); left > 0 {
			b.timer.Reset(max(left/Processors, budgetInterval))
			return
		}
		over()
	})
	return b.stop
}

// budget is the timer of Budget.
type budget struct {
	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
}

func (b *budget) stop() {
	b.mu.Lock()
	b.stopped = true
	b.timer.Stop()
	b.mu.Unlock()
}

// Processors is how many processors a worker may use at a time.
const Processors = 2

// budgetInterval is the shortest time after which a budget is looked at again.
const budgetInterval = 5 * time.Millisecond

// OutOfTime is the failure of a run that took longer than Limits.Time.
func OutOfTime(limit time.Duration) *Failure {
	return &Failure{Code: CodeTime, Message: fmt.Sprintf("the script ran longer than %v (the limit Time)", limit)}
}

// OutOfCPU is the failure of a run that computed for longer than Limits.CPU.
func OutOfCPU(limit time.Duration) *Failure {
	return &Failure{Code: CodeCPU, Message: fmt.Sprintf("the script used more than %v of processor time (the limit CPU)", limit)}
}

// Stop ends the run with a failure before the next instruction of the script. It
// may be called from another goroutine.
func (h *Host) Stop(f *Failure) {
	h.stopped.Store(f)
	h.vm.Interrupt(f)
}
