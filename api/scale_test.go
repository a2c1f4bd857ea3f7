package api_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/secretstore"
)

// BenchmarkScale measures a server with 100,000 secrets and 10,000 policies, half of
// them Rego, beside one with ten of each, in one run: how long a start takes, what
// memory it holds, an evaluation, and the write of one secret. It writes the data
// once, which takes minutes: run it with -benchtime 1x -timeout 30m.
func BenchmarkScale(b *testing.B) {
	for _, size := range []struct{ secrets, policies int }{{10, 10}, {100_000, 10_000}} {
		b.Run(fmt.Sprintf("%d-secrets", size.secrets), func(b *testing.B) {
			dir := ""
			fill := time.Now()
			func() {
				s := apitest.Start(b, apitest.Options{InProcess: true})
				defer s.Stop()
				dir = s.DataDir
				populate(b, s, size.secrets, size.policies)
			}()
			b.Logf("filled in %s", time.Since(fill).Round(time.Millisecond))
			for b.Loop() {
				before := heap()
				begin := time.Now()
				s := apitest.Start(b, apitest.Options{InProcess: true, DataDir: dir})
				b.ReportMetric(float64(time.Since(begin).Microseconds())/1000, "ms/start")
				b.ReportMetric(float64(heap()-before)/(1<<20), "MiB")
				for _, policy := range []string{"rego-0", "validators-0"} {
					b.ReportMetric(median(2000, func(int) { evaluateOne(b, s, policy) }), "µs/"+policy)
				}
				b.ReportMetric(median(200, func(i int) {
					spec := secretstore.Spec{Value: stringValue(rand.Text())}
					if _, err := s.Store.CreateSecret(b.Context(), benchAdmin, secretstore.Scope{}, fmt.Sprint("NEW", i, rand.Text()), spec); err != nil {
						b.Fatal(err)
					}
				}), "µs/write")
				b.ReportMetric(median(50, func(i int) { // of a secret that policies name
					if _, _, err := s.Store.AddVersion(b.Context(), benchAdmin, secretstore.Scope{}, "S0", secretstore.Given{Value: stringValue(rand.Text())}, ""); err != nil {
						b.Fatal(err)
					}
				}), "µs/rotate-secret")
				s.Stop()
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// median gives the median time of n calls, in microseconds.
func median(n int, do func(i int)) float64 {
	times := make([]time.Duration, n)
	for i := range times {
		begin := time.Now()
		do(i)
		times[i] = time.Since(begin)
	}
	slices.Sort(times)
	return float64(times[n/2].Nanoseconds()) / 1000
}

func stringValue(s string) *secretstore.Value {
	v := secretstore.StringValue(s)
	return &v
}

func evaluateOne(b *testing.B, s *apitest.Server, policy string) {
	b.Helper()
	if _, err := s.API.Policies.Evaluate(b.Context(), benchAdmin, secretstore.Scope{}, policy, json.RawMessage(benchInput)); err != nil {
		b.Fatal(err)
	}
}

// populate writes secrets S0, S1, … and policies rego-0, validators-0, …, each of
// which names one of them.
func populate(b *testing.B, s *apitest.Server, secrets, policies int) {
	b.Helper()
	scope := secretstore.Scope{}
	for at := 0; at < secrets; at += secretstore.MaxFileSecrets {
		file := make(map[string]secretstore.Value)
		for i := at; i < min(secrets, at+secretstore.MaxFileSecrets); i++ {
			file[fmt.Sprint("S", i)] = *stringValue(rand.Text())
		}
		if _, err := s.Store.PutFile(b.Context(), benchAdmin, scope, file, secretstore.FileOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	for i := range policies {
		kind, secret := []string{"rego", "validators"}[i%2], fmt.Sprint("S", i/2)
		body := map[string]any{"language": "rego", "source": fmt.Sprintf(benchRego, "data.secrets."+secret)}
		if kind == "validators" {
			body = map[string]any{"language": "validators", "validators": json.RawMessage(fmt.Sprintf(benchValidators, `"secret":"`+secret+`"`))}
		}
		raw, err := json.Marshal(body)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := s.API.Policies.Put(b.Context(), benchAdmin, scope, fmt.Sprint(kind, "-", i/2), raw, ""); err != nil {
			b.Fatal(err)
		}
	}
}
