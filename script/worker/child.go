package worker

import (
	"errors"
	"fmt"
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync/atomic"

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
	memory, err := strconv.ParseInt(os.Args[2], 10, 64)
	if err != nil || confine(memory) != nil {
		os.Exit(3)
	}
	serve(&wire{in: os.Stdin, out: os.Stdout, memory: memory})
	os.Exit(0)
}

// confine limits the process before it reads anything from the server.
func confine(memory int64) error {
	used, err := dataBytes()
	if err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("dumpable: %w", err)
	}
	// Not RLIMIT_AS: Go reserves a gigabyte of addresses that it never uses.
	limit := used + uint64(memory)
	if err := unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
		return fmt.Errorf("memory limit: %w", err)
	}
	for _, none := range []int{unix.RLIMIT_CORE, unix.RLIMIT_FSIZE} {
		if err := unix.Setrlimit(none, &unix.Rlimit{}); err != nil {
			return fmt.Errorf("limit on files: %w", err)
		}
	}
	host.Limit(memory/2, MaxStackBytes)
	return nil
}

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
		if readFrame(w.in, &o) != nil {
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

// spent reports whether the process has mapped so much memory that the next run
// would not have its share: what was mapped once counts against the limit ever
// after.
func spent(limit int64) bool {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64() > uint64(limit)/2
}

func check(w *wire, o *order) error {
	if o.Source == nil {
		return errFrame
	}
	p, findings := program.Compile(*o.Source, program.Options{Language: o.Language, Check: true, Sealed: o.Sealed})
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
		if o.Source == nil {
			if err := writeFrame(w.out, word{NeedSource: true}); err != nil {
				return nil, err
			}
			var with order
			if err := readFrame(w.in, &with); err != nil {
				return nil, err
			}
			o.Source = with.Source
		}
		if o.Source == nil {
			return nil, errFrame
		}
		p, findings := program.Compile(*o.Source, program.Options{Language: o.Language, Sealed: o.Sealed})
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
	out := h.Run(*o.Job, w)
	return s, writeFrame(w.out, word{Outcome: &out, Spent: spent(w.memory)})
}

// cache keeps the scripts that were used last.
type cache struct {
	max     int
	scripts map[string]*host.Script
	order   []string
}

func newCache(n int) *cache { return &cache{max: n, scripts: map[string]*host.Script{}} }

func (c *cache) get(key string) *host.Script { return c.scripts[key] }

func (c *cache) put(key string, s *host.Script) {
	if len(c.order) == c.max {
		delete(c.scripts, c.order[0])
		c.order = c.order[1:]
	}
	c.scripts[key] = s
	c.order = append(c.order, key)
}
