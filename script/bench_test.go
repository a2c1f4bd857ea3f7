package script

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/secretstore/seal"
)

const decision = `module.exports = async function (context) {
	const roles = context.input.user.roles.filter(r => r !== 'guest')
	if (roles.length === 0) return { decision: false }
	return { decision: roles.includes('admin') && context.input.key === %s, user: context.input.user.id }
}`

const decisionInput = `{"user":{"id":"alice","roles":["guest","editor","admin"]},"key":"sk_live_4242424242abcdef"}`

// BenchmarkScript runs a decision here and in a bare engine by turns, with the key
// as a literal and as a secret, and reports the times and their ratio.
func BenchmarkScript(b *testing.B) {
	plain := replaceKey("'sk_live_4242424242abcdef'")
	sealed := replaceKey("context.secrets.API_KEY")
	secrets := map[string]any{"API_KEY": "sk_live_4242424242abcdef"}
	program := goja.MustCompile("s.js", "(function(module){"+plain+"\nreturn module.exports})", false)
	for _, bc := range []struct {
		name   string
		cfg    Config
		source string
		values map[string]any
	}{
		{"inprocess", Config{InProcess: true}, plain, nil},
		{"inprocess-sealed", Config{InProcess: true}, sealed, secrets},
		{"worker", Config{Workers: 1}, plain, nil},
		{"worker-sealed", Config{Workers: 1}, sealed, secrets},
	} {
		b.Run(bc.name, func(b *testing.B) {
			e := engine(b, bc.cfg)
			set := sealRun(b, bc.values).Set()
			var ours, bare time.Duration
			for b.Loop() {
				start := time.Now()
				r := e.Run(b.Context(), Run{ID: bc.name, Source: Source{Language: JavaScript, Source: bc.source},
					Seal: set.NewRun(seal.Options{}), Input: json.RawMessage(decisionInput)})
				turn := time.Now()
				bareRun(b, program)
				ours, bare = ours+turn.Sub(start), bare+time.Since(turn)
				if r.Error != nil || r.Output.(map[string]any)["decision"] != true {
					b.Fatal(r.Error, r.Output)
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N), "ns/ours")
			b.ReportMetric(float64(bare.Nanoseconds())/float64(b.N), "ns/bare")
			b.ReportMetric(float64(ours)/float64(bare), "x-bare")
		})
	}
}

func replaceKey(key string) string { return strings.Replace(decision, "%s", key, 1) }

func bareRun(b *testing.B, program *goja.Program) {
	vm := goja.New()
	f, err := vm.RunProgram(program)
	if err != nil {
		b.Fatal(err)
	}
	load, _ := goja.AssertFunction(f)
	handler, err := load(nil, vm.NewObject())
	if err != nil {
		b.Fatal(err)
	}
	parse, _ := goja.AssertFunction(vm.Get("JSON").ToObject(vm).Get("parse"))
	input, err := parse(nil, vm.ToValue(decisionInput))
	if err != nil {
		b.Fatal(err)
	}
	context := vm.NewObject()
	_ = context.Set("input", input)
	call, _ := goja.AssertFunction(handler)
	promise, err := call(nil, context)
	if err != nil {
		b.Fatal(err)
	}
	out, err := json.Marshal(promise.Export().(*goja.Promise).Result().Export())
	if err != nil || string(out) != `{"decision":true,"user":"alice"}` {
		b.Fatal(err, string(out))
	}
}

// BenchmarkWorkers is the throughput of workers for so many clients at a time, of
// a decision that compares a secret.
//
// What dominates is not the script: on the server a third of the time goes to
// system calls and wake-ups (write, read and futex, for an order, a comparison and
// an outcome), a fifth to JSON, and a tenth to the surrogates and the masking. The
// worker makes its next runtime ready when it has answered, which is as much work
// as the run and is in the way only when no processor is idle.
func BenchmarkWorkers(b *testing.B) {
	source := replaceKey("context.secrets.API_KEY")
	e := engine(b, Config{Workers: 4, PerScript: 4})
	set := sealRun(b, map[string]any{"API_KEY": "sk_live_4242424242abcdef"}).Set()
	for _, clients := range []int{1, 2, 4} {
		b.Run(fmt.Sprintf("%d-clients", clients), func(b *testing.B) {
			var left atomic.Int64
			left.Store(int64(b.N))
			var all sync.WaitGroup
			for range clients {
				all.Go(func() {
					for left.Add(-1) >= 0 {
						r := e.Run(b.Context(), Run{ID: "workers", Source: Source{Language: JavaScript, Source: source},
							Seal: set.NewRun(seal.Options{}), Input: json.RawMessage(decisionInput)})
						if r.Error != nil {
							b.Error(r.Error)
						}
					}
				})
			}
			all.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
		})
	}
}

// BenchmarkLibrary tells what a run costs that loads lodash, in process and with
// secrets, beside the same run without it.
func BenchmarkLibrary(b *testing.B) {
	lib := npm(b)["lodash"]
	for _, bc := range []struct {
		name, source string
		values       map[string]any
	}{
		{"without", head + "return 1\n}", nil},
		{"not-loaded", head + "if (context.input.x) return require('lodash').VERSION; return 1\n}", nil},
		{"loaded", head + "return require('lodash').get({ a: [1] }, 'a[0]')\n}", nil},
		{"loaded-sealed", head + "return require('lodash').get({ a: [context.secrets.API_KEY] }, 'a[0]') === 'x'\n}", secretsOfTests},
	} {
		b.Run(bc.name, func(b *testing.B) {
			e := engine(b, Config{InProcess: true})
			set := sealRun(b, bc.values).Set()
			b.ReportAllocs()
			for b.Loop() {
				r := e.Run(b.Context(), Run{ID: bc.name, Source: with(bc.source, lib), Seal: set.NewRun(seal.Options{}), Input: json.RawMessage("{}")})
				if r.Error != nil {
					b.Fatal(r.Error)
				}
			}
		})
	}
}
