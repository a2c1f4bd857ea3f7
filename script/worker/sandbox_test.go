package worker

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	landlocksys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// The memory limits that make a worker of this test's binary try to break out
// instead of running scripts.
const (
	probeMemory    = MinMemoryBytes + 1
	landlockMemory = MinMemoryBytes + 2
	failingMemory  = MinMemoryBytes + 3
)

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == Marker {
		switch os.Args[2] {
		case strconv.Itoa(probeMemory):
			probe()
		case strconv.Itoa(landlockMemory):
			probeLandlock()
		case strconv.Itoa(failingMemory):
			println("no room today")
			os.Exit(3)
		}
	}
	Main()
	os.Exit(m.Run())
}

// tried is what a worker got from the kernel, by attempt.
type tried map[string]syscall.Errno

// probe is a worker that tries, once it is shut in, what one that a script has
// taken over would try.
func probe() {
	w, err := enter()
	if err != nil {
		os.Exit(4)
	}
	got := tried{}
	for name, try := range attempts {
		got[name] = errno(try())
	}
	for name, number := range denied {
		_, _, e := syscall.RawSyscall6(number, 0, 0, 0, 0, 0, 0)
		got[name] = e
	}
	_ = writeFrame(w.out, got)
	_, _ = w.in.Read(make([]byte, 1))
	os.Exit(0)
}

// probeLandlock has that layer only.
func probeLandlock() {
	if _, err := noFiles(); err != nil {
		os.Exit(4)
	}
	_ = writeFrame(os.Stdout, word{Sandbox: &Sandbox{}})
	got := tried{}
	for _, name := range []string{"read a file", "read the server's memory", "list the root", "make a file", "dial TCP", "start a program"} {
		got[name] = errno(attempts[name]())
	}
	_ = writeFrame(os.Stdout, got)
	os.Exit(0)
}

func errno(err error) syscall.Errno {
	var e syscall.Errno
	if err != nil && !errors.As(err, &e) {
		return syscall.EBADMSG
	}
	return e
}

var attempts = map[string]func() error{
	"read a file":              func() error { _, err := os.ReadFile("/etc/passwd"); return err },
	"read its own memory":      func() error { _, err := os.Open("/proc/self/mem"); return err },
	"read the server's memory": func() error { _, err := os.Open("/proc/1/mem"); return err },
	"list the root":            func() error { _, err := os.ReadDir("/"); return err },
	"make a file":              func() error { _, err := os.Create("/tmp/a-worker-was-here"); return err },
	"start a program":          func() error { return exec.Command("/bin/true").Run() },
	"listen":                   func() error { _, err := net.Listen("tcp", "127.0.0.1:0"); return err },
	"dial TCP":                 func() error { _, err := net.Dial("tcp", "127.0.0.1:22"); return err },
	"dial UDP":                 func() error { _, err := net.Dial("udp", "127.0.0.1:53"); return err },
	"dial a local socket":      func() error { _, err := net.Dial("unix", "/run/x.sock"); return err },
	"map code": func() error {
		_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
		return err
	},
	"make memory code": func() error {
		page, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
		if err != nil {
			return fmt.Errorf("plain memory: %s", err)
		}
		return unix.Mprotect(page, unix.PROT_READ|unix.PROT_EXEC)
	},
	"fork": func() error {
		_, _, e := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
		return e
	},
	"lift a limit": func() error { return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 64, Max: 64}) },
	"be dumpable":  func() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0) },
}

// denied are calls that must not even be looked at; their arguments are all 0.
var denied = map[string]uintptr{
	"openat2": unix.SYS_OPENAT2, "execveat": unix.SYS_EXECVEAT, "ptrace": unix.SYS_PTRACE,
	"process_vm_readv": unix.SYS_PROCESS_VM_READV, "process_vm_writev": unix.SYS_PROCESS_VM_WRITEV,
	"kill": unix.SYS_KILL, "pidfd_open": unix.SYS_PIDFD_OPEN, "pidfd_getfd": unix.SYS_PIDFD_GETFD, "kcmp": unix.SYS_KCMP,
	"socketpair": unix.SYS_SOCKETPAIR, "sendmsg": unix.SYS_SENDMSG, "recvmsg": unix.SYS_RECVMSG,
	"memfd_create": unix.SYS_MEMFD_CREATE, "io_uring_setup": unix.SYS_IO_URING_SETUP, "bpf": unix.SYS_BPF,
	"userfaultfd": unix.SYS_USERFAULTFD, "perf_event_open": unix.SYS_PERF_EVENT_OPEN, "mount": unix.SYS_MOUNT,
	"unshare": unix.SYS_UNSHARE, "setns": unix.SYS_SETNS, "keyctl": unix.SYS_KEYCTL, "shmget": unix.SYS_SHMGET,
	"mq_open": unix.SYS_MQ_OPEN, "ioctl": unix.SYS_IOCTL, "dup": unix.SYS_DUP, "pipe2": unix.SYS_PIPE2,
	"unlinkat": unix.SYS_UNLINKAT, "statx": unix.SYS_STATX, "getppid": unix.SYS_GETPPID, "uname": unix.SYS_UNAME,
	"setuid": unix.SYS_SETUID, "chroot": unix.SYS_CHROOT, "init_module": unix.SYS_INIT_MODULE, "reboot": unix.SYS_REBOOT,
}

// TestBreakOut has a real worker try to reach files, the network, other
// processes and the kernel; the kernel refuses all of it.
func TestBreakOut(t *testing.T) {
	p := startProbe(t, probeMemory)
	var got tried
	if err := readFrame(p.read, &got); err != nil {
		t.Fatal(err, string(p.last.bytes()))
	}
	if !p.sandbox.Seccomp {
		t.Fatalf("this kernel has no seccomp, by which these tests go: %s", p.sandbox)
	}
	if want := len(attempts) + len(denied); len(got) != want {
		t.Errorf("%d attempts, want %d", len(got), want)
	}
	for name, e := range got {
		if e != syscall.EPERM {
			t.Errorf("%s: %v", name, e)
		}
	}
	if _, err := os.Stat("/tmp/a-worker-was-here"); err == nil {
		t.Error("a worker made a file")
	}
}

// TestLandlockAlone proves that a worker that got past seccomp is still kept from
// files and ports.
func TestLandlockAlone(t *testing.T) {
	if version, err := landlocksys.LandlockGetABIVersion(); err != nil || version == 0 {
		t.Fatalf("this kernel has no Landlock, by which this test goes: %v", err)
	}
	p := startProbe(t, landlockMemory)
	var got tried
	if err := readFrame(p.read, &got); err != nil {
		t.Fatal(err, string(p.last.bytes()))
	}
	for name, e := range got {
		if e != syscall.EACCES {
			t.Errorf("%s: %v", name, e)
		}
	}
	if len(got) != 6 {
		t.Errorf("%v", got)
	}
}

func startProbe(t *testing.T, memory int64) *process {
	t.Helper()
	return startWith(t, newSpawner(), memory)
}

// startWith starts a worker that lives until the test ends.
func startWith(t *testing.T, s *spawner, memory int64) *process {
	t.Helper()
	t.Cleanup(func() { close(s.requests) })
	p, err := s.start(memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// TestWorkerFromOutside looks at real workers as the kernel shows them.
func TestWorkerFromOutside(t *testing.T) {
	for _, apart := range []bool{true, false} {
		s := newSpawner()
		s.apart = apart
		p := startWith(t, s, MinMemoryBytes)
		proc := fmt.Sprintf("/proc/%d/", p.cmd.Process.Pid)

		threads, _ := filepath.Glob(proc + "task/*/status")
		if len(threads) == 0 {
			t.Fatal("no threads")
		}
		for _, thread := range threads {
			status := read(t, thread)
			for _, want := range []string{"NoNewPrivs:\t1\n", "Seccomp:\t2\n"} {
				if !strings.Contains(status, want) {
					t.Errorf("%s: no %q", thread, want)
				}
			}
			if apart && (!strings.Contains(status, "CapEff:\t0000000000000000\n") || !strings.Contains(status, "CapPrm:\t0000000000000000\n")) {
				t.Errorf("%s: it has capabilities", thread)
			}
		}
		if p.sandbox.Namespaces != apart {
			t.Errorf("namespaces: %v", p.sandbox)
		}
		for _, space := range []string{"user", "net", "ipc", "uts", "mnt"} {
			theirs, err := os.Readlink(proc + "ns/" + space)
			ours, err2 := os.Readlink("/proc/self/ns/" + space)
			if err != nil || err2 != nil || (theirs != ours) != apart {
				t.Errorf("namespace %s: %s, ours %s %v %v", space, theirs, ours, err, err2)
			}
		}
		files, err := os.ReadDir(proc + "fd")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			target, err := os.Readlink(proc + "fd/" + f.Name())
			if n, _ := strconv.Atoi(f.Name()); err != nil || n <= 2 && !strings.HasPrefix(target, "pipe:") || n > 2 && !strings.HasPrefix(target, "anon_inode:") {
				t.Errorf("file %s: %s %v", f.Name(), target, err)
			}
		}
		if env := read(t, proc+"environ"); env != strings.Join(environment, "\x00")+"\x00" {
			t.Errorf("environment: %q", env)
		}
		limits := read(t, proc+"limits")
		for _, l := range []struct{ name, value string }{
			{"Max core file size", "0"}, {"Max file size", "0"}, {"Max open files", strconv.Itoa(maxFiles)},
		} {
			if !hasLimit(limits, l.name, l.value) {
				t.Errorf("%s is not %s:\n%s", l.name, l.value, limits)
			}
		}
		if hasLimit(limits, "Max data size", "unlimited") {
			t.Error("memory is unlimited")
		}
	}
}

func hasLimit(limits, name, value string) bool {
	for line := range strings.SplitSeq(limits, "\n") {
		if rest, ok := strings.CutPrefix(line, name); ok {
			f := strings.Fields(rest)
			return len(f) >= 2 && f[0] == value && f[1] == value
		}
	}
	return false
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestSandboxIsSaid reads what an operator is told.
func TestSandboxIsSaid(t *testing.T) {
	var log strings.Builder
	p, err := NewPool(Config{Workers: 1, Warm: 1, MemoryBytes: MinMemoryBytes, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if said := log.String(); strings.Count(said, "script workers are confined") != 1 || !strings.Contains(said, "seccomp") {
		t.Errorf("%q", said)
	}
	full := Sandbox{Landlock: 7, Seccomp: true, Namespaces: true}
	if got := full.String(); got != "no_new_privs, rlimits, landlock 7, seccomp, namespaces" || len(full.Missing()) != 0 {
		t.Errorf("%s %v", got, full.Missing())
	}
	if got := strings.Join(Sandbox{}.Missing(), " "); got != "landlock seccomp namespaces" {
		t.Error(got)
	}
}

// TestWorkerThatDoesNotStart proves that the reason is told, at once.
func TestWorkerThatDoesNotStart(t *testing.T) {
	s := newSpawner()
	defer close(s.requests)
	if _, err := s.start(failingMemory); err == nil || !strings.Contains(err.Error(), "no room today") {
		t.Errorf("%v", err)
	}
}
