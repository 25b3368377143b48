package config

import (
	"time"

	"holdfast/admission/budget"
	"holdfast/resource"
)

// Config is the configuration of one installation. Its meaning, defaults and limits are
// in docs/configuration.md, which is generated from the same table that fills it.
type Config struct {
	// Installation is in every token, name and tag Holdfast leaves in AWS.
	Installation string
	Log          Log
	Redis        Redis
	Catalog      Catalog
	AWS          AWS
	// Policies are file globs, relative to the directory of the configuration file.
	Policies []string
	// OrganizationPolicies is a directory with the backup policies of an organization,
	// relative as well; empty means none.
	OrganizationPolicies string
	// Kinds limits what is protected; empty means every registered kind.
	Kinds         []resource.Kind
	Worker        Worker
	Scheduler     Scheduler
	Limits        Limits
	Budgets       Budgets
	Web           Web
	Retention     Retention
	Notifications Notifications
	Reports       Reports
	Tracing       Tracing
	Ledger        Ledger
	Expiry        Expiry
	Queue         Queue

	// Warnings are things worth telling the operator that do not prevent a start.
	Warnings []Problem `json:"-" yaml:"-"`

	file    string
	origins map[string]origin
}

// Log says what is logged and in which shape.
type Log struct {
	Level  string // trace, debug, info, warn or error
	Format string // json or console
}

// The modes of Redis.
const (
	RedisEmbedded = "embedded" // inside the process; only `up` and `demo` can use it
	RedisSingle   = "single"
	RedisSentinel = "sentinel"
	RedisCluster  = "cluster"
)

// Redis says where the queue and the admission slots live.
type Redis struct {
	Mode           string
	Addresses      []string // host:port
	Username       string
	Password       Secret
	DB             int
	SentinelMaster string
	TLS            RedisTLS
}

// RedisTLS turns TLS on. There is no way to skip verification: give a CA file instead.
type RedisTLS struct {
	Enabled bool
	CAFile  string
}

// Catalog says where jobs, history and recovery points are kept.
type Catalog struct {
	DSN DSN
}

// AWS says what to protect and how to reach it.
type AWS struct {
	Partition    string // aws, aws-us-gov or aws-cn
	Regions      []string
	EndpointURL  string
	SimulatorURL string
	CallTimeout  time.Duration
	Accounts     Accounts
	Roles        Roles
}

// The sources of accounts.
const (
	AccountsList          = "list"
	AccountsOrganizations = "organizations"
)

// Accounts says which accounts belong to the installation.
type Accounts struct {
	Source  string
	IDs     []string
	Exclude []string
	Units   []UnitPath
}

// Roles says which role is assumed for an account and purpose; see ARN.
type Roles struct {
	ARNTemplate     string
	ExternalID      Secret
	SessionDuration time.Duration
	SessionPolicies bool // narrow each session to what the kind's step needs
	// BackupService is the ARN of the role AWS Backup itself works in, with {partition} and
	// {account} for those of the resource.
	BackupService string
}

// Worker sizes a worker process.
type Worker struct {
	Concurrency     int
	Queues          map[string]int // queue name to weight
	ShutdownTimeout time.Duration
}

// Scheduler paces the leader.
type Scheduler struct {
	Tick            time.Duration
	InventoryMaxAge time.Duration
	LookInterval    time.Duration
	LeaseTTL        time.Duration
}

// Limits are the caps a new catalog starts with; `holdfast limits set` changes them later.
type Limits struct {
	Account            int // operations in progress per account
	RestoresPerAccount int
	Fleet              int // operations in progress everywhere, 0 = no cap
}

// Budgets say how fast AWS is called, per account, region and API.
type Budgets struct {
	Enabled      bool
	Scale        float64                 // of every documented rate and burst
	RestoreShare float64                 // part of each bucket kept for restores
	Buckets      map[string]budget.Limit // replaces the rate and burst of a bucket by name
}

// Settings returns b as package budget takes it.
func (b Budgets) Settings() budget.Settings {
	return budget.Settings{Scale: b.Scale, Share: b.RestoreShare, Overrides: b.Buckets}
}

// Web says where the web process listens.
type Web struct {
	Listen          string // host:port
	AllowRemote     bool
	Login           bool // everybody needs a user or a token
	AsynqmonActions bool
	MetricsListen   string // host:port of schedulers and workers, "" = they serve nothing
}

// Tracing says where OpenTelemetry traces go.
type Tracing struct {
	Endpoint string  // "" = nowhere
	Sample   float64 // part of the traces that are sent
}

// Retention says how long history is kept.
type Retention struct {
	HistoryDays int
}

// Expiry says how careful scheduled deletions are.
type Expiry struct {
	UndoWindow        time.Duration
	ResourceShare     float64 // of a resource's points that may be lost in a day unasked
	InstallationShare float64 // of all points
}

// Queue says who may put tasks into Redis.
type Queue struct {
	Key         Secret // signs tasks; empty: everybody who can write Redis is believed
	PreviousKey Secret // still believed
}

// Ledger says how the history is sealed.
type Ledger struct {
	SealEvery   time.Duration
	Key         Secret // signs seals; empty: seals are chained and not signed
	PreviousKey Secret // still believed
}

// File returns the path Load read, or "" when there was no file.
func (c *Config) File() string { return c.file }
