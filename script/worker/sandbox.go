package worker

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"github.com/landlock-lsm/go-landlock/landlock"
	landlocksys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// Sandbox says what of the kernel keeps a worker in, besides its limits, which
// are always there. A worker applies all that it can before it reads its first
// program.
type Sandbox struct {
	// Landlock is the version of Landlock's interface that the kernel has, under
	// which a worker may use no file and no TCP port; 0 is none.
	Landlock int `json:"landlock"`
	// Seccomp says that a worker can call nothing of the kernel but what reading,
	// writing, memory, time and threads need.
	Seccomp bool `json:"seccomp"`
	// Namespaces says that a worker has a user without any right and no network.
	Namespaces bool `json:"namespaces"`
}

// Missing names the layers that this kernel, or how it is set up, does not give.
func (s Sandbox) Missing() []string {
	var out []string
	if s.Landlock == 0 {
		out = append(out, "landlock")
	}
	if !s.Seccomp {
		out = append(out, "seccomp")
	}
	if !s.Namespaces {
		out = append(out, "namespaces")
	}
	return out
}

// String says what there is, for a log.
func (s Sandbox) String() string {
	out := []string{"no_new_privs", "rlimits"}
	if s.Landlock > 0 {
		out = append(out, fmt.Sprintf("landlock %d", s.Landlock))
	}
	if s.Seccomp {
		out = append(out, "seccomp")
	}
	if s.Namespaces {
		out = append(out, "namespaces")
	}
	return strings.Join(out, ", ")
}

// sandbox shuts this process in. Nothing that it does can be taken back.
func sandbox() (s Sandbox, err error) {
	// The two rest on no_new_privs, which a thread has for itself.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return s, fmt.Errorf("no_new_privs: %w", err)
	}
	if s.Landlock, err = noFiles(); err != nil {
		return s, err
	}
	if s.Seccomp, err = fewCalls(); err != nil {
		return s, err
	}
	return s, nil
}

// noFiles denies every file and TCP port, and gives the version of Landlock; 0
// where there is none. Files that are open stay so.
func noFiles() (version int, err error) {
	version, err = landlocksys.LandlockGetABIVersion()
	if err != nil {
		return 0, nil // not in this kernel, or switched off
	}
	if err := landlock.V11.BestEffort().Restrict(); err != nil {
		return 0, fmt.Errorf("landlock: %w", err)
	}
	return version, nil
}

// fewCalls denies all system calls but those of allowedCalls, on every thread.
func fewCalls() (ok bool, err error) {
	if !seccomp.Supported() {
		return false, nil
	}
	policy, err := allowedCalls()
	if err != nil {
		return false, err
	}
	if err := seccomp.LoadFilter(seccomp.Filter{Flag: seccomp.FilterFlagTSync, Policy: policy}); err != nil {
		return false, fmt.Errorf("seccomp: %w", err)
	}
	return true, nil
}

// calls are the system calls of a Go program that reads, writes, allocates,
// starts threads, waits and ends. Some exist on one architecture only.
var calls = []string{
	"read", "write", "close", "poll", "ppoll",
	"epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd2",
	"futex", "sched_yield", "nanosleep", "clock_nanosleep", "clock_gettime", "gettimeofday", "restart_syscall",
	"brk", "munmap", "mremap", "madvise", "mincore",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "tgkill",
	"gettid", "getpid", "sched_getaffinity", "getrandom", "rseq", "set_robust_list", "membarrier",
	"exit", "exit_group",
}

// namespaces are the flags of clone that give a process some of its own. That of
// process numbers is not among them: Landlock is told of each thread by way of
// /proc, which would have other numbers.
const namespaces = unix.CLONE_NEWUSER | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWNS

// allowedCalls allows calls and, of three others, what makes a thread and memory
// that is not code. Everything else fails with EPERM, on any other architecture
// that the processor speaks too.
func allowedCalls() (seccomp.Policy, error) {
	kernel, err := arch.GetInfo("")
	if err != nil {
		return seccomp.Policy{}, fmt.Errorf("seccomp: %w", err)
	}
	allowed := seccomp.SyscallGroup{Action: seccomp.ActionAllow, NamesWithCondtions: []seccomp.NameWithConditions{
		{Name: "clone", Conditions: []seccomp.Condition{
			{Argument: 0, Operation: seccomp.BitsSet, Value: unix.CLONE_THREAD},
			{Argument: 0, Operation: seccomp.BitsNotSet, Value: namespaces | unix.CLONE_NEWPID},
		}},
		{Name: "mmap", Conditions: []seccomp.Condition{{Argument: 2, Operation: seccomp.BitsNotSet, Value: unix.PROT_EXEC}}},
		{Name: "mprotect", Conditions: []seccomp.Condition{{Argument: 2, Operation: seccomp.BitsNotSet, Value: unix.PROT_EXEC}}},
	}}
	for _, name := range calls {
		if _, known := kernel.SyscallNames[name]; known {
			allowed.Names = append(allowed.Names, name)
		}
	}
	// Its flags are in memory, which a filter cannot read; a C library that hears
	// that there is no such call uses clone.
	absent := seccomp.SyscallGroup{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: []string{"clone3"}}
	return seccomp.Policy{DefaultAction: seccomp.ActionErrno, Syscalls: []seccomp.SyscallGroup{allowed, absent}}, nil
}
