package script

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/script/worker"
	"github.com/reticent/reticent/secretstore/egress"
)

// TestHostileScripts runs what kills or freezes the process that it runs in. Each
// must cost its own run, with a clear error, while others are answered. With -v it
// prints the table of what each got.
func TestHostileScripts(t *testing.T) {
	var sent atomic.Int64
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { sent.Add(1) }))
	defer target.Close()
	out, err := egress.New(egress.Config{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	e := engine(t, Config{Workers: 3, Limits: Limits{Time: 3 * time.Second, CPU: time.Second}, MemoryBytes: 128 << 20, Egress: out})
	bombs := []struct {
		body  string
		codes string
	}{
		{"while (true) {}", "cpu_limit time_limit"},
		{"for (;;) { try { while (true) {} } finally { continue } }", "cpu_limit time_limit"},
		{"await (async () => { for (;;) await 0 })()", "cpu_limit time_limit"},
		{"await new Promise(r => setTimeout(r, 1e6))", "time_limit"},
		{"setInterval(() => {}, 1); await new Promise(() => {})", "time_limit"},
		{"return 'x'.repeat(2**40)", "memory_limit"},
		{"return 'x'.repeat(2**52)", "memory_limit"},
		{"return 'x'.padEnd(2**31).length", "memory_limit cpu_limit time_limit"},
		{"return String(1n << (1n << 36n))", "memory_limit cpu_limit time_limit"},
		{"return String(2n ** (2n ** 64n))", "memory_limit cpu_limit time_limit"},
		{"return new Array(1e9).fill(0).length", "memory_limit cpu_limit time_limit"},
		{"return Array.from({length: 1e9}).length", "memory_limit cpu_limit time_limit"},
		{"return new ArrayBuffer(2**40).byteLength", "memory_limit"},
		{"const a = []; for (;;) a.push(new Array(1000).fill(1))", "memory_limit cpu_limit time_limit"},
		{"let s = 'x'; for (;;) s += s", "memory_limit cpu_limit time_limit"},
		{"return JSON.parse('['.repeat(1e7))", "stack_limit memory_limit cpu_limit time_limit script_error"},
		{"return Array.prototype.indexOf.call({length: 2**53 - 1}, 1)", "cpu_limit time_limit"},
		{"return new RegExp('(?=a)(a+)+$').test('a'.repeat(40))", "regexp_unsupported"},
		{"return 'a'.repeat(40).match('(?=a)(a+)+$')", "regexp_unsupported"},
		{"const f = () => f(); f()", "stack_limit"},
		{"const o = {toString() { return '' + o }}; return '' + o", "stack_limit"},
		{"[1].forEach(function f() { [1].forEach(f) })", "stack_limit"},
		{"const a = []; a[0] = a; return a", "output_not_json"},
		{"let a = []; for (let i = 0; i < 5000; i++) a = [a]; return a", "output_limit output_not_json stack_limit"},
		{"return 'x'.repeat(2e6)", "output_limit"},
		{"return 1n", "output_not_json"},
		{"return {get x() { throw new Error('no') }}", "output_not_json"},
		{"return new Proxy({}, {ownKeys() { throw 1 }})", "output_not_json"},
		{"return {toJSON() { while (true) {} }}", "cpu_limit time_limit"},
		{"await new Promise(() => {})", "promise_pending"},
		{"for (;;) context.secrets.API_KEY === 'x' + Math.random()", "host_call_limit cpu_limit time_limit"},
		{"Promise.reject(new Error('forgotten')); return 1", "script_error"},
		{"const f = () => { Promise.resolve().then(f); Promise.resolve().then(f) }; f(); await new Promise(() => {})", "cpu_limit time_limit memory_limit"},
		{"const all = []; for (;;) all.push(new Promise(() => {}))", "cpu_limit time_limit memory_limit"},
		{"for (;;) console.log('x'.repeat(1e5))", "cpu_limit time_limit"},
		{"for (let i = 0; i < 5000; i++) console.log('x'.repeat(1e4)); return 1", "output cpu_limit time_limit"},
		{"for (let i = 0; i < 10000; i++) fetch('HOST'); await new Promise(() => {})", "fetch_limit"},
		{"for (let i = 0; i < 10000; i++) { try { await fetch('HOST') } catch {} } return 1", "fetch_limit"},
		{"for (let i = 0; i < 10000; i++) setTimeout(() => {}, 1e6); await new Promise(() => {})", "host_call_limit"},
		{"return [3, 1, 2].sort(() => { for (;;) {} })", "cpu_limit time_limit"},
		{"return Array.from({length: 5000}, Math.random).sort(() => Math.random() - .5).length", "output cpu_limit time_limit"},
		{"const a = [1, 2, 3]; return a.sort(() => { a.length = 0; a.push(...new Array(1e5).fill(1)); return 1 }).length", "output cpu_limit time_limit memory_limit script_error"},
		{"const p = new Proxy({}, { get(t, k, r) { return r[k] } }); return p.x", "stack_limit"},
		{"let p = {}; for (let i = 0; i < 3e5; i++) p = new Proxy(p, {}); return String(p.x)", "output stack_limit memory_limit cpu_limit time_limit"},
		{"let f = () => 1; for (let i = 0; i < 1e6; i++) f = f.bind(null); return f()", "output stack_limit memory_limit cpu_limit time_limit"},
		{"let s = ''; for (let i = 0; i < 40; i++) s = s + s + 'x'; return s.length", "memory_limit cpu_limit time_limit output"},
		{"return JSON.parse('[' + '1,'.repeat(2e7) + '1]').length", "memory_limit cpu_limit time_limit output"},
		{"return JSON.stringify(new Array(2e7).fill('xxxxxxxx')).length", "memory_limit cpu_limit time_limit"},
		{"return 'x'.repeat(1e5).replaceAll('x', 'y'.repeat(1e5)).length", "memory_limit cpu_limit time_limit"},
		{"return new Array(2**32 - 1).join('x').length", "memory_limit cpu_limit time_limit"},
		{"return BigInt('9'.repeat(1e7)) % 7n === 0n", "memory_limit cpu_limit time_limit"},
		{"return /(a+)+$/.test('a'.repeat(1e6) + 'b')", "output cpu_limit time_limit"},
	}
	got := make([]string, len(bombs))
	done := make(chan struct{})
	var others sync.WaitGroup
	var answered atomic.Int64
	others.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if got := run(t, e, sealRun(t, secretsOfTests), "return 1 + 1", "{}"); asJSON(t, got.Output) != "2" {
				t.Errorf("another run: %v", got.Error)
				return
			}
			answered.Add(1)
		}
	})
	var bombing sync.WaitGroup
	next := make(chan int)
	for range 2 {
		bombing.Go(func() {
			for i := range next {
				start := time.Now()
				r := run(t, e, sealRun(t, secretsOfTests), strings.ReplaceAll(bombs[i].body, "HOST", target.URL), "{}")
				code := "output"
				if r.Error != nil {
					code = string(r.Error.Code)
				}
				if !strings.Contains(" "+bombs[i].codes+" ", " "+code+" ") {
					t.Errorf("%s: %s %v, want %s", bombs[i].body, code, r.Error, bombs[i].codes)
				}
				size := 0
				for _, line := range r.Console {
					size += len(line.Text)
				}
				if size > host.DefaultConsoleBytes || len(r.Console) > host.DefaultConsoleLines {
					t.Errorf("%s: %d bytes of console", bombs[i].body, size)
				}
				got[i] = fmt.Sprintf("%-13s %6d ms  %s", code, time.Since(start).Milliseconds(), bombs[i].body)
			}
		})
	}
	for i := range bombs {
		next <- i
	}
	close(next)
	bombing.Wait()
	close(done)
	others.Wait()
	if n := sent.Load(); n > 2*host.DefaultFetches {
		t.Errorf("the host got %d requests", n)
	}
	t.Logf("a second client was answered %d times meanwhile\n%s", answered.Load(), strings.Join(got, "\n"))
}

// TestWorkerKilledFromOutside kills a worker under a run, as the kernel does that
// is out of memory. The run ends with an error, and the next finds a new worker.
func TestWorkerKilledFromOutside(t *testing.T) {
	arrived, release := make(chan bool), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- true
		<-release
	}))
	defer slow.Close()
	defer close(release)
	out, err := egress.New(egress.Config{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	before := children(t)
	e := engine(t, Config{Workers: 1, Egress: out, Limits: patient})
	end := make(chan Result)
	go func() { end <- run(t, e, sealRun(t, nil), "return (await fetch('"+slow.URL+"')).status", "{}") }()
	<-arrived
	for pid := range children(t) {
		if !before[pid] {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	if r := <-end; r.Error == nil || r.Error.Code != worker.CodeDied {
		t.Errorf("%v", r.Error)
	}
	if r := run(t, e, sealRun(t, nil), "return 2", "{}"); r.Error != nil {
		t.Errorf("the next run: %v", r.Error)
	}
}

// children are the processes that this one has started.
func children(t *testing.T) map[int]bool {
	t.Helper()
	out := map[int]bool{}
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		b, _ := os.ReadFile(list) // a thread may have ended
		for _, pid := range strings.Fields(string(b)) {
			n, _ := strconv.Atoi(pid)
			out[n] = true
		}
	}
	return out
}

// TestHostileSources checks texts that are hard to compile.
func TestHostileSources(t *testing.T) {
	e := engine(t, Config{Workers: 1, MemoryBytes: 128 << 20})
	for _, source := range []string{
		strings.Repeat("(", 60_000), strings.Repeat("a=>", 21_000) + "1", strings.Repeat("!", 65_000) + "1",
		strings.Repeat("1+", 32_000) + "1", strings.Repeat("if(1)", 13_000) + ";", strings.Repeat("a:", 30_000), strings.Repeat("new ", 16_000) + "a",
		strings.Repeat("`${", 20_000), strings.Repeat("a?b:", 16_000) + "c", strings.Repeat("/[(]/;", 10_000), strings.Repeat("[", 65_536), strings.Repeat("x", 70_000),
		"//# sourceMappingURL=/dev/zero\n" + head + "}", "\x00", "\xff\xfe", "",
	} {
		start := time.Now()
		checked, err := e.Check(t.Context(), Source{Language: JavaScript, Source: source})
		if err == nil && checked == nil {
			t.Errorf("%.20q: neither a result nor an error", source)
		}
		var refused *CheckError
		if err != nil && !errors.As(err, &refused) {
			t.Errorf("%.20q: %v", source, err)
		}
		t.Logf("%.20q: %v %v", source, time.Since(start).Round(time.Millisecond), err)
	}
	if _, err := e.Check(t.Context(), Source{Language: JavaScript, Source: head + "}"}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestQueueIsBounded fills every worker and the queue.
func TestQueueIsBounded(t *testing.T) {
	e := engine(t, Config{Workers: 1, MaxQueued: 1, Limits: Limits{Time: 300 * time.Millisecond}})
	results := make(chan Result)
	for range 8 {
		go func() { results <- run(t, e, sealRun(t, nil), "while (true) {}", "{}") }()
	}
	count := map[Code]int{}
	for range 8 {
		count[(<-results).Error.Code]++
	}
	if count[CodeOverloaded] == 0 || count[host.CodeTime] == 0 || count[CodeOverloaded]+count[host.CodeTime] != 8 {
		t.Errorf("%v", count)
	}
}

// TestNothingToReach looks for what a script must not find.
func TestNothingToReach(t *testing.T) {
	for _, cfg := range []Config{{Workers: 1}, {InProcess: true}} {
		e := engine(t, cfg)
		for _, secrets := range []map[string]any{nil, secretsOfTests} {
			got := run(t, e, sealRun(t, secrets), `return [typeof process, typeof global, typeof (() => {}).constructor, typeof (async () => {}).constructor,
				typeof (function* () {}).constructor, typeof globalThis['ev' + 'al'], typeof globalThis['Func' + 'tion'], typeof ''['constr' + 'uctor']['constr' + 'uctor'], typeof GoError]`, "{}")
			for _, v := range got.Output.([]any) {
				if v != "undefined" {
					t.Errorf("%v: %v", cfg, got.Output)
				}
			}
		}
		if got := run(t, e, sealRun(t, nil), "require('fs')", "{}"); got.Error == nil || got.Error.Code != host.CodeModule {
			t.Errorf("%v", got.Error)
		}
	}
}

// TestWorkersDieWithTheServer kills a server the hard way.
func TestWorkersDieWithTheServer(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SCRIPT_TEST_ORPHANS=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	workers := strings.Fields(line)
	if len(workers) != 2 {
		t.Fatalf("workers: %q", line)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	deadline := time.Now().Add(10 * time.Second)
	for _, pid := range workers {
		for alive(pid) {
			if time.Now().After(deadline) {
				t.Fatalf("worker %s outlived its server", pid)
			}
			runtime.Gosched()
		}
	}
}

// alive reports whether a process runs; one that waits to be reaped does not.
func alive(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}
