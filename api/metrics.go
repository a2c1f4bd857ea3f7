package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/reticent/reticent/policy/decisionlog"
	"github.com/reticent/reticent/script/worker"
	"github.com/reticent/reticent/secretstore"
)

// Metrics are the counters that /metrics shows. No label holds anything of a
// request but its method, its route's pattern and its status.
type Metrics struct {
	// Registry is where others register theirs.
	Registry *prometheus.Registry

	requests    *prometheus.CounterVec
	durations   *prometheus.HistogramVec
	evaluations *prometheus.CounterVec
	finds       *prometheus.CounterVec
	egress      *prometheus.CounterVec
	sandbox     *prometheus.GaugeVec
	dropped     prometheus.Counter
	lost        *prometheus.CounterVec
	tried       *prometheus.CounterVec
	rotations   *prometheus.CounterVec
	fetches     *prometheus.CounterVec
	fetchTimes  *prometheus.HistogramVec
}

// NewMetrics makes the counters, and a registry that has them and those of the
// Go runtime and the process.
func NewMetrics() *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "reticent_http_requests_total", Help: "Requests, by method, route and status.",
		}, []string{"method", "route", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "reticent_http_request_seconds", Help: "How long requests took, by route.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route"}),
		evaluations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "reticent_evaluations_total", Help: "Evaluations, by engine (policy, script) and outcome (allow, deny, output, error).",
		}, []string{"engine", "outcome"}),
		finds: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "reticent_sealing_net_finds_total", Help: "Plaintexts that the net under the masking caught, by secret. Each is a bug.",
		}, []string{"secret"}),
		egress: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "reticent_egress_requests_total", Help: "Outbound requests, by outcome (a status class, egress_denied, egress_failed).",
		}, []string{"outcome"}),
		sandbox: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "reticent_script_sandbox", Help: "Whether script workers have a layer of the sandbox (landlock, seccomp, namespaces), 1 or 0.",
		}, []string{"layer"}),
		rotations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "reticent_secret_rotations_total", Help: "Rotations of secrets by their plans on this node, by outcome (rotated, failed).",
		}, []string{"outcome"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "reticent_execution_records_dropped_total", Help: "Records of executions that were lost, since they came faster than they could be written.",
		}),
		lost: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "reticent_decision_records_dropped_total", Help: "Entries of the decision log that were lost, by reason: queue (they came faster than they could be written), mask (they could not be masked), stream (stored, but not sent on).",
		}, []string{"reason"}),
		tried: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "reticent_dry_run_decisions_total", Help: "Decisions of candidates, by the policy that answered, the candidate and the outcome (same, different, error, skipped).",
		}, []string{"policy", "candidate", "outcome"}),
		fetches: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "reticent_manager_fetches_total", Help: "Fetches of secrets from external managers, by kind of manager and outcome (ok, or why not).",
		}, []string{"kind", "outcome"}),
		fetchTimes: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "reticent_manager_fetch_seconds", Help: "How long fetches from external managers took, by kind of manager.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"kind"}),
	}
	for _, reason := range []decisionlog.Reason{decisionlog.DroppedQueue, decisionlog.DroppedMask, decisionlog.DroppedStream} {
		m.lost.WithLabelValues(string(reason)) // so that it shows from the start
	}
	m.Registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.requests, m.durations, m.evaluations, m.finds, m.egress, m.sandbox, m.dropped, m.lost, m.tried, m.rotations, m.fetches, m.fetchTimes)
	return m
}

// secrets has the metrics count the secrets of a store that need a look. The
// first store counts.
func (m *Metrics) secrets(store *secretstore.Store) {
	states := map[string]func() float64{
		"soon":    func() float64 { soon, _ := store.Expiring(); return float64(soon) },
		"expired": func() float64 { _, past := store.Expiring(); return float64(past) },
	}
	for state, count := range states {
		// It fails where there is one already.
		_ = m.Registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "reticent_secrets_expiring", Help: "Secrets with an expires_at that is near (soon) or over (expired).",
			ConstLabels: prometheus.Labels{"state": state},
		}, count))
	}
	_ = m.Registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "reticent_secret_rotations_failing", Help: "Secrets whose plans failed since they last had a new version.",
	}, func() float64 { return float64(store.FailingRotations()) }))
}

// Rotated counts a rotation; it is for secretstore.RotatorConfig.Count.
func (m *Metrics) Rotated(outcome string) { m.rotations.WithLabelValues(outcome).Inc() }

// Fetched counts a fetch from an external manager; it is for manager.Config.Fetched.
func (m *Metrics) Fetched(kind, outcome string, took time.Duration) {
	m.fetches.WithLabelValues(kind, outcome).Inc()
	m.fetchTimes.WithLabelValues(kind).Observe(took.Seconds())
}

// Managers shows how many managers are left alone, as open says. The first one counts.
func (m *Metrics) Managers(open func() int) {
	_ = m.Registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "reticent_managers_open", Help: "External managers that the circuit breaker keeps fetches from.",
	}, func() float64 { return float64(open()) }))
}

// Found counts a find of the net; it is for secretstore.Config.Found.
func (m *Metrics) Found(secret string) { m.finds.WithLabelValues(secret).Inc() }

// Egress counts an outbound request that ended with a status class ("2xx") or
// with a code of package seal.
func (m *Metrics) Egress(outcome string) { m.egress.WithLabelValues(outcome).Inc() }

// Sandbox shows what keeps script workers in.
func (m *Metrics) Sandbox(s worker.Sandbox) {
	for layer, present := range map[string]bool{"landlock": s.Landlock > 0, "seccomp": s.Seccomp, "namespaces": s.Namespaces} {
		value := 0.
		if present {
			value = 1
		}
		m.sandbox.WithLabelValues(layer).Set(value)
	}
}

// Workers shows what script workers do, as load says. The first one counts.
func (m *Metrics) Workers(load func() worker.Load) {
	gauges := map[string]func() int{
		"busy": func() int { return load().Busy },
		"idle": func() int { return load().Idle },
	}
	for state, count := range gauges {
		_ = m.Registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "reticent_script_workers", Help: "Script workers, by state (busy, idle).",
			ConstLabels: prometheus.Labels{"state": state},
		}, func() float64 { return float64(count()) }))
	}
	_ = m.Registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "reticent_script_runs_waiting", Help: "Runs of scripts that wait for a worker.",
	}, func() float64 { return float64(load().Waiting) }))
	_ = m.Registry.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "reticent_script_workers_started_total", Help: "Script workers that started: the warm ones, more for runs that waited, and replacements.",
	}, func() float64 { return float64(load().Started) }))
}

// Dropped counts records of executions that were lost.
func (m *Metrics) Dropped(n int) { m.dropped.Add(float64(n)) }

// DecisionsDropped counts entries of the decision log that were lost.
func (m *Metrics) DecisionsDropped(why decisionlog.Reason, n int) {
	m.lost.WithLabelValues(string(why)).Add(float64(n))
}

// Tried counts a decision of a candidate.
func (m *Metrics) Tried(policy, candidate, outcome string) {
	m.tried.WithLabelValues(policy, candidate, outcome).Inc()
}

func (m *Metrics) request(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.durations.WithLabelValues(route).Observe(took.Seconds())
}

func (m *Metrics) evaluation(engine, outcome string) {
	m.evaluations.WithLabelValues(engine, outcome).Inc()
}

func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{})
}
