package worker

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/script/program"
)

// Marker is the first argument of a process that is a worker; the second is its
// memory limit in bytes.
const Marker = "script-worker:internal"

// hooked is set once Main was called. A pool in a program that does not call it
// would start the program itself over and over.
var hooked atomic.Bool

// Main turns this process into a worker if it was started as one, and does not
// return then; otherwise it returns at once. It must be called first of all in
// main, and in the TestMain of every package whose tests run scripts.
func Main() {
	hooked.Store(true)
	if len(os.Args) != 3 || os.Args[1] != Marker {
		return
	}
	w, err := enter()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	serve(w)
	os.Exit(0)
}

// enter limits this process and shuts it in, and tells the server how.
func enter() (*wire, error) {
	memory, err := strconv.ParseInt(os.Args[2], 10, 64)
	if err != nil {
		return nil, errors.New("the memory limit is no number")
	}
	if err := closeFiles(); err != nil {
		return nil, err
	}
	if err := limit(memory); err != nil {
		return nil, err
	}
	in, err := sandbox()
	if err != nil {
		return nil, err
	}
	w := &wire{in: os.Stdin, read: bufio.NewReaderSize(os.Stdin, bufferBytes), out: os.Stdout, memory: memory}
	return w, writeFrame(w.out, word{Sandbox: &in})
}

// limit sets the limits that the kernel holds a process to.
func limit(memory int64) error {
	used, err := dataBytes()
	if err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("dumpable: %w", err)
	}
	// Not RLIMIT_AS: Go reserves a gigabyte of addresses that it never uses.
	for resource, most := range map[int]uint64{unix.RLIMIT_DATA: used + uint64(memory),
		unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: 0, unix.RLIMIT_NOFILE: maxFiles} {
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return fmt.Errorf("limit %d: %w", resource, err)
		}
	}
	host.Limit(memory/2, MaxStackBytes)
	return nil
}

// closeFiles closes what the server was started with and knows nothing of: files
// that a shell or a supervisor left open to its children. What the runtime waits
// with stays.
func closeFiles() error {
	const open = "/proc/self/fd"
	files, err := os.ReadDir(open)
	if err != nil {
		return err
	}
	for _, f := range files {
		n, err := strconv.Atoi(f.Name())
		if err != nil || n <= 2 {
			continue
		}
		if target, err := os.Readlink(open + "/" + f.Name()); err == nil && !strings.HasPrefix(target, "anon_inode:") {
			_ = unix.Close(n)
		}
	}
	return nil
}

// maxFiles leaves room for what the runtime waits with, besides the pipes.
const maxFiles = 16

// dataBytes is what counts against RLIMIT_DATA already: little, but that the race
// detector maps much before main.
func dataBytes() (uint64, error) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		if value, ok := strings.CutPrefix(line, "VmData:"); ok {
			kb, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("VmData is not in /proc/self/status")
}

// serve answers orders until the pipe closes.
func serve(w *wire) {
	programs := newCache(MaxPrograms)
	next := host.New()
	for {
		var o order
		if readFrame(w.read, &o) != nil {
			return
		}
		var err error
		switch {
		case o.Check:
			err = check(w, &o)
		case o.Job != nil:
			var ran *host.Script
			ran, err = run(w, &o, programs, next)
			// The runtime of the next run is prepared while nobody waits.
			next = host.New()
			if ran != nil {
				next = host.Prepare(ran)
			}
			w.reset()
		}
		if err != nil {
			return
		}
	}
}

// mapped is how much memory the process has from the kernel, in bytes.
func mapped() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// processorTime is how long the threads of the process have run.
func processorTime() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

func check(w *wire, o *order) error {
	if len(o.Units) == 0 {
		return errFrame
	}
	p, findings := program.Compile(o.Units, program.Options{Check: true, Sealed: o.Sealed})
	if findings == nil {
		findings = []program.Finding{} // null would say that nothing was checked
	}
	said := word{Findings: &findings}
	if p != nil {
		info := p.Info
		info.Names, info.Values = nil, nil
		said.Info = &info
	}
	return writeFrame(w.out, said)
}

// run runs a script in h, if h fits it, and gives the script.
func run(w *wire, o *order, programs *cache, h *host.Host) (*host.Script, error) {
	key := o.ID + strconv.FormatBool(o.Sealed)
	s := programs.get(key)
	if s == nil || o.ID == "" {
		if o.Units == nil {
			if err := writeFrame(w.out, word{NeedSource: true}); err != nil {
				return nil, err
			}
			var with order
			if err := readFrame(w.read, &with); err != nil {
				return nil, err
			}
			o.Units = with.Units
		}
		if len(o.Units) == 0 {
			return nil, errFrame
		}
		p, findings := program.Compile(o.Units, program.Options{Sealed: o.Sealed, Cache: programs.units})
		if findings != nil {
			return nil, writeFrame(w.out, word{Findings: &findings})
		}
		s = host.NewScript(p)
		if o.ID != "" {
			programs.put(key, s)
		}
	}
	if !h.Fits(s) {
		h = host.New()
	}
	o.Job.Script = s
	before := processorTime()
	stop := host.Budget(o.Job.Limits.CPU, processorTime, func() { h.Stop(host.OutOfCPU(o.Job.Limits.CPU)) })
	out := h.Run(*o.Job, w)
	stop()
	out.Usage = &host.Usage{CPU: processorTime() - before, Memory: mapped()}
	// The next run would not have its share: what was mapped once counts against the
	// limit ever after.
	return s, writeFrame(w.out, word{Outcome: &out, Spent: out.Usage.Memory > uint64(w.memory)/2})
}

// cache keeps the scripts that were used last, and what they share.
type cache struct {
	units   *program.Cache
	max     int
	scripts map[string]*host.Script
	order   []string
}

func newCache(n int) *cache {
	return &cache{units: program.NewCache(), max: n, scripts: map[string]*host.Script{}}
}

func (c *cache) get(key string) *host.Script { return c.scripts[key] }

func (c *cache) put(key string, s *host.Script) {
	if len(c.order) == c.max {
		delete(c.scripts, c.order[0])
		c.order = c.order[1:]
	}
	c.scripts[key] = s
	c.order = append(c.order, key)
}
