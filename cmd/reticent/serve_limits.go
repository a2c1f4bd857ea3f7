package main

import (
	"github.com/spf13/pflag"

	"github.com/reticent/reticent/script"
	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/secretstore/egress"
)

// registerScriptLimits adds a flag for each limit of scripts.
func registerScriptLimits(flags *pflag.FlagSet, c *script.Config) {
	flags.IntVar(&c.Workers, "script-workers", 0, "how many `workers` there are at most, each for one run at a time; 0 is four times those that are kept by default")
	flags.IntVar(&c.Warm, "script-workers-warm", 0, "how many `workers` are kept; more start while runs wait; 0 is one for each processor, at least 4")
	flags.DurationVar(&c.WorkerIdle, "script-worker-idle", script.DefaultWorkerIdle, "how long a worker beyond those that are kept waits for a run")
	flags.IntVar(&c.MaxQueued, "script-queue", script.DefaultMaxQueued, "how many `runs` may wait for a worker; more are refused")
	flags.IntVar(&c.PerScript, "script-concurrent", 0, "how many `runs` of one script go on at a time; 0 is one less than there are workers")
	flags.IntVar(&c.MaxQueuedPerScript, "script-queue-each", script.DefaultMaxQueuedPerScript, "how many `runs` of one script may wait for others of it; more are refused")
	flags.Int64Var(&c.MemoryBytes, "script-memory-bytes", script.DefaultMemoryBytes, "how much memory a worker may have, in `bytes`")
	l := &c.Limits
	flags.DurationVar(&l.Time, "script-time", host.DefaultTime, "how long a run may take, fetches included")
	flags.DurationVar(&l.CPU, "script-cpu", host.DefaultCPU, "how much processor time a run may use; what waits uses none")
	flags.IntVar(&l.CallDepth, "script-call-depth", host.DefaultCallDepth, "how `deep` functions may call each other")
	flags.IntVar(&l.Fetches, "script-fetches", host.DefaultFetches, "how many `requests` a run may send")
	flags.IntVar(&l.HostCalls, "script-host-calls", host.DefaultHostCalls, "how `often` a run may ask about a secret")
	flags.IntVar(&l.Timers, "script-timers", host.DefaultTimers, "how many `timers` may wait at a time")
	flags.IntVar(&l.OutputBytes, "script-output-bytes", host.DefaultOutputBytes, "the largest result, in `bytes` of JSON")
	flags.IntVar(&l.ConsoleLines, "script-console-lines", host.DefaultConsoleLines, "how many `lines` the console keeps")
	flags.IntVar(&l.ConsoleBytes, "script-console-bytes", host.DefaultConsoleBytes, "how many `bytes` the console keeps")
	flags.IntVar(&l.BodyBytes, "script-body-bytes", host.DefaultBodyBytes, "the largest body that a script sends or gets, in `bytes`")
}

// registerRecords adds the flags of records of runs.
func registerRecords(flags *pflag.FlagSet, c *script.RecorderConfig) {
	flags.DurationVar(&c.Keep, "keep-executions", script.DefaultKeepExecutions, "how long records of runs are kept")
	flags.IntVar(&c.Max, "max-executions", script.DefaultMaxExecutions, "how many `records` of runs are kept")
	flags.BoolVar(&c.RecordInput, "record-input", false, "record the input of every run, redacted, not only of scripts with record_input")
}

// registerEgress adds the flags of outbound requests.
func registerEgress(flags *pflag.FlagSet, c *egress.Config) {
	flags.StringArrayVar(&c.Allow, "egress-allow", nil, "let scripts reach this `host or CIDR` although it is not public; repeatable")
	flags.DurationVar(&c.Timeout, "egress-time", egress.DefaultTimeout, "how long an outbound request may take")
	flags.DurationVar(&c.IdleTime, "egress-idle-time", egress.DefaultIdleTime, "how long a host may pause in a response")
	flags.IntVar(&c.MaxRequestBytes, "egress-request-bytes", egress.DefaultMaxRequestBytes, "the largest outbound body, in `bytes`")
	flags.IntVar(&c.MaxResponseBytes, "egress-response-bytes", egress.DefaultMaxResponseBytes, "the largest response, in `bytes`")
}
