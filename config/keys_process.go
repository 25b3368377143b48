package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast/tasks"
)

// queueNames returns the names of the queues there are, sorted.
func queueNames() []string { return slices.Sorted(maps.Keys(tasks.Queues())) }

// defaultWeights spells the weights of the task contract as a variable would.
func defaultWeights() string {
	var pairs []string
	for _, name := range queueNames() {
		pairs = append(pairs, fmt.Sprintf("%s=%d", name, tasks.Queues()[name]))
	}
	return strings.Join(pairs, ",")
}

func processKeys(c *Config) []key {
	w, s := &c.Worker, &c.Scheduler
	return []key{
		{
			path: "worker.concurrency", value: integer(&w.Concurrency, 1, 4096), def: "32",
			doc: "Tasks one worker process runs at once. Tasks are short: AWS operations go on without one.",
		},
		{
			path: "worker.queues", value: weights{field: &w.Queues, names: queueNames(), max: 100},
			def: defaultWeights(),
			doc: "Queues the worker serves and how often it turns to each. A queue left out is not served by this worker.",
		},
		{
			path: "worker.shutdown_timeout", value: duration(&w.ShutdownTimeout, time.Second, 10*time.Minute), def: "35s",
			doc: "How long a worker told to stop waits for its tasks; best above aws.call_timeout.",
		},
		{
			path: "scheduler.tick", value: duration(&s.Tick, 100*time.Millisecond, time.Minute), def: "1s",
			doc: "How often the leader looks for due rules and waiting jobs.",
		},
		{
			path: "scheduler.inventory_max_age", value: duration(&s.InventoryMaxAge, time.Minute, 7*24*time.Hour), def: "1h",
			doc: "Listings older than this are renewed before a rule picks its resources.",
		},
		{
			path: "scheduler.look_interval", value: duration(&s.LookInterval, time.Second, 10*time.Minute), def: "10s",
			doc: "How often running AWS operations that are due are looked at.",
		},
		{
			path: "scheduler.lease_ttl", value: duration(&s.LeaseTTL, 3*time.Second, 5*time.Minute), def: "15s",
			doc: "A leader that has not renewed its lease for this long is replaced; at least three ticks.",
		},
	}
}

func tracingKeys(c *Config) []key {
	t := &c.Tracing
	return []key{
		{
			path: "tracing.endpoint", value: text(&t.Endpoint, checkURL), example: "http://127.0.0.1:4318",
			doc: "Collector that gets OpenTelemetry traces over OTLP and HTTP: one trace of each chain, from the fire of its rule to its last copy, with the calls to AWS. Nothing is sent when left out. Headers are read from OTEL_EXPORTER_OTLP_HEADERS.",
		},
		{
			path: "tracing.sample", value: fraction(&t.Sample, 0, 1), def: "1",
			doc: "Part of the traces that are sent; of a chain it is everything or nothing.",
		},
	}
}

func limitKeys(c *Config) []key {
	l := &c.Limits
	return []key{
		{
			path: "limits.account", value: integer(&l.Account, 1, 100_000), def: "40",
			doc: "AWS operations in progress per account. The limits are what a new catalog starts with; `holdfast limits set` changes them while everything runs.",
		},
		{
			path: "limits.restores_per_account", value: integer(&l.RestoresPerAccount, 1, 10_000), def: "5",
			doc: "Restores in progress per account, counted apart, so that a full account never delays one.",
		},
		{
			path: "limits.fleet", value: integer(&l.Fleet, 0, 10_000_000), def: "0",
			doc: "AWS operations in progress in the whole installation; 0 for no such limit.",
		},
	}
}

func webKeys(c *Config) []key {
	w := &c.Web
	return []key{
		{
			path: "web.listen", value: text(&w.Listen, checkListen), def: "127.0.0.1:8484",
			doc: "Address of the web pages, health checks and metrics; port 0 takes a free one.",
		},
		{
			path: "web.allow_remote", value: boolean(&w.AllowRemote), def: "false",
			doc: "Whether web.listen may be an address others can reach. Then web.login must be set; put TLS in front, or browsers send no session back.",
		},
		{
			path: "web.login", value: boolean(&w.Login), def: "false",
			doc: "Whether the pages, the API and the metrics of web.listen ask for a login. `holdfast user add` adds people, `holdfast token create` programs. Without, they are for everybody on this machine.",
		},
		{
			path: "web.asynqmon_actions", value: boolean(&w.AsynqmonActions), def: "false",
			doc: "Whether the queue pages may run, archive and delete tasks; with web.login administrators only.",
		},
		{
			path: "web.metrics_listen", value: text(&w.MetricsListen, checkListen), example: "127.0.0.1:9090",
			doc: "Address where `holdfast scheduler` and `holdfast worker` serve their own metrics and health: counters are those of a process, so each is scraped. Without it they serve nothing.",
		},
		{
			path: "retention.history_days", value: integer(&c.Retention.HistoryDays, 1, 36_500), def: "400",
			doc: "Days after which ended jobs and their events are removed from the catalog. Recovery points are not affected.",
		},
	}
}
