package worker

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/reticent/reticent/script/host"
)

// process is one worker as the server sees it.
type process struct {
	cmd    *exec.Cmd
	in     *os.File      // what it reads
	out    *os.File      // what it says
	read   *bufio.Reader // of out
	last   tail          // the end of what it wrote to standard error
	exited chan struct{}
	// sandbox is what the worker said of itself before it was given anything.
	sandbox Sandbox
	cause   atomic.Int32 // why it was killed, a cause
	spent   bool         // it asked to be replaced
	rested  time.Time    // since when it is idle; guarded by the pool

	mu   sync.Mutex // guards writing to in, and open
	open bool       // a run is under way, and fetches may report
}

// cause is why the server killed a worker.
type cause int32

const (
	causeNone cause = iota
	causeTime
	causeCPU
)

// timely reports whether a worker was within its limits of time so far.
func (p *process) timely() bool { return cause(p.cause.Load()) == causeNone }

// processorTime is how long the threads of a worker have run, by the kernel's
// account; 0 once it is gone.
func (p *process) processorTime() time.Duration {
	var t unix.Timespec
	// The clock of a process, as clock_getcpuclockid(3) makes it: CPUCLOCK_SCHED.
	if unix.ClockGettime(int32(^p.cmd.Process.Pid)<<3|2, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// spawner starts workers from one thread that lives as long as it: a worker dies
// with the thread that started it, since that is what Pdeathsig watches.
type spawner struct {
	requests chan func()
	// apart starts workers in namespaces of their own. It is false once the
	// kernel refused, and used by the thread only.
	apart bool
}

func newSpawner() *spawner {
	s := &spawner{requests: make(chan func()), apart: true}
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		for f := range s.requests {
			f()
		}
	}()
	return s
}

func (s *spawner) start(memory int64) (p *process, err error) {
	done := make(chan struct{})
	s.requests <- func() {
		defer close(done)
		p, err = start(memory, s.apart)
		if err != nil && s.apart && !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.ENOMEM) {
			// The kernel may not let this user make namespaces, now or ever.
			if p, err = start(memory, false); err == nil {
				s.apart = false
			}
		}
	}
	<-done
	if err != nil {
		return nil, err
	}
	return p, p.greet()
}

// greet waits until the worker has shut itself in.
func (p *process) greet() error {
	timer := time.AfterFunc(StartTime, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	var said word
	if err := readFrame(p.read, &said); err != nil || said.Sandbox == nil {
		p.kill()
		return fmt.Errorf("worker: it ended before it was ready, within %v (StartTime): %s", StartTime, bytes.TrimSpace(p.last.bytes()))
	}
	p.sandbox = *said.Sandbox
	p.sandbox.Namespaces = p.cmd.SysProcAttr.Cloneflags != 0
	return nil
}

// environment is that of a worker: nothing of the server's, in which there may be
// a token. A runtime that is told how many processors to use keeps no file open to
// find out.
var environment = []string{"GOTRACEBACK=none", "GOMAXPROCS=" + strconv.Itoa(host.Processors), "GODEBUG=containermaxprocs=0,updatemaxprocs=0"}

func start(memory int64, apart bool) (*process, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		_, _ = childIn.Close(), in.Close()
		return nil, fmt.Errorf("worker: %w", err)
	}
	p := &process{in: in, out: out, read: bufio.NewReaderSize(out, bufferBytes), exited: make(chan struct{})}
	p.cmd = exec.Command(binary, Marker, strconv.FormatInt(memory, 10))
	p.cmd.Env = environment
	p.cmd.Dir = "/"
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = childIn, childOut, &p.last
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if apart {
		p.cmd.SysProcAttr.Cloneflags = namespaces
		p.cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getuid(), Size: 1}}
		p.cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getgid(), Size: 1}}
	}
	err = p.cmd.Start()
	_, _ = childIn.Close(), childOut.Close()
	if err != nil {
		_, _ = in.Close(), out.Close()
		return nil, fmt.Errorf("worker: %w", err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// nobody is the user that a worker is in its namespace. It is not root there, so
// that it loses every capability when the program starts.
const nobody = 65534

// kill ends the process and waits for its end.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
	_, _ = p.in.Close(), p.out.Close()
}

// send writes a message.
func (p *process) send(message any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return writeFrame(p.in, message)
}

// report sends the end of a fetch, unless the run that sent it is over.
func (p *process) report(end host.Completion) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open {
		_ = writeFrame(p.in, reply{End: &end})
	}
}

func (p *process) setOpen(open bool) {
	p.mu.Lock()
	p.open = open
	p.mu.Unlock()
}

// death says why a worker died that had so much time.
func (p *process) death(limit, cpu time.Duration) *host.Failure {
	<-p.exited
	said := p.last.bytes()
	switch cause(p.cause.Load()) {
	case causeTime:
		f := host.OutOfTime(limit)
		f.Message += ", in a built-in function, and was killed"
		return f
	case causeCPU:
		f := host.OutOfCPU(cpu)
		f.Message += ", in a built-in function, and was killed"
		return f
	}
	switch {
	case bytes.Contains(said, []byte("out of memory")), bytes.Contains(said, []byte("cannot allocate memory")),
		bytes.Contains(said, []byte("failed to allocate")): // the last is the race detector's
		return &host.Failure{Code: host.CodeMemory, Message: "the script needed more memory than a worker has (the limit MemoryBytes)"}
	case bytes.Contains(said, []byte("stack exceeds")), bytes.Contains(said, []byte("stack overflow")):
		return &host.Failure{Code: host.CodeStack, Message: "the script nested deeper than the engine's stack allows"}
	}
	return &host.Failure{Code: CodeDied, Message: "the worker that ran the script died"}
}

// tail keeps the first bytes of what a worker writes to standard error. They are
// looked at for the reason of its death and never shown: a crash may quote what
// a script made up.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailBytes = 2048

// Write keeps what there is room for.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b[:min(len(b), tailBytes-len(t.buf))]...)
	return len(b), nil
}

func (t *tail) bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf
}

// CodeDied says that a worker ended for a reason that is not known.
const CodeDied host.Code = "worker_died"

// errProtocol is given for a worker that says what no worker says.
var errProtocol = errors.New("worker: a worker broke the protocol")
