package script

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reticent/reticent/script/host"
)

// TestHostileScripts runs what kills or freezes the process that it runs in. Each
// must cost its own run, with a clear error, while others are answered.
func TestHostileScripts(t *testing.T) {
	e := engine(t, Config{Workers: 3, Limits: Limits{Time: 2 * time.Second}, MemoryBytes: 128 << 20})
	bombs := []struct {
		body  string
		codes string
	}{
		{"while (true) {}", "time_limit"},
		{"for (;;) { try { while (true) {} } finally { continue } }", "time_limit"},
		{"await (async () => { for (;;) await 0 })()", "time_limit"},
		{"await new Promise(r => setTimeout(r, 1e6))", "time_limit"},
		{"setInterval(() => {}, 1); await new Promise(() => {})", "time_limit"},
		{"return 'x'.repeat(2**40)", "memory_limit"},
		{"return 'x'.repeat(2**52)", "memory_limit"},
		{"return 'x'.padEnd(2**31).length", "memory_limit time_limit"},
		{"return String(1n << (1n << 36n))", "memory_limit time_limit"},
		{"return String(2n ** (2n ** 64n))", "memory_limit time_limit"},
		{"return new Array(1e9).fill(0).length", "memory_limit time_limit"},
		{"return Array.from({length: 1e9}).length", "memory_limit time_limit"},
		{"return new ArrayBuffer(2**40).byteLength", "memory_limit"},
		{"const a = []; for (;;) a.push(new Array(1000).fill(1))", "memory_limit time_limit"},
		{"let s = 'x'; for (;;) s += s", "memory_limit time_limit"},
		{"return JSON.parse('['.repeat(1e7))", "stack_limit memory_limit time_limit script_error"},
		{"return Array.prototype.indexOf.call({length: 2**53 - 1}, 1)", "time_limit"},
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
		{"return {toJSON() { while (true) {} }}", "time_limit"},
		{"await new Promise(() => {})", "promise_pending"},
		{"for (;;) context.secrets.API_KEY === 'x' + Math.random()", "host_call_limit time_limit"},
		{"Promise.reject(new Error('forgotten')); return 1", "script_error"},
	}
	done := make(chan struct{})
	var others sync.WaitGroup
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
		}
	})
	var bombing sync.WaitGroup
	next := make(chan int)
	for range 2 {
		bombing.Go(func() {
			for i := range next {
				start := time.Now()
				got := run(t, e, sealRun(t, secretsOfTests), bombs[i].body, "{}")
				if got.Error == nil || !strings.Contains(" "+bombs[i].codes+" ", " "+string(got.Error.Code)+" ") {
					t.Errorf("%s: %v, want %s", bombs[i].body, got.Error, bombs[i].codes)
				}
				if d := time.Since(start); d > 20*time.Second {
					t.Errorf("%s: took %v", bombs[i].body, d)
				}
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
