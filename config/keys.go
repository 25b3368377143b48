package config

import (
	"strings"
	"time"

	"holdfast/resource"
)

// envPrefix begins the name of every variable of ours.
const envPrefix = "HOLDFAST_"

// EnvFile is the variable commands read the path of the configuration file from.
const EnvFile = envPrefix + "CONFIG"

// key is one row of the table: a setting, where it goes and what to tell people.
type key struct {
	path     string
	value    value
	def      string // as an environment variable would write it; "" = not set
	required bool
	live     bool   // not required, but the example file would not load without it
	example  string // for keys without a default
	alsoEnv  string // another variable that is honoured, after ours
	doc      string
}

// env returns the name of the key's environment variable.
func (k key) env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(k.path, ".", "_"))
}

// keys returns the table bound to the fields of c, in the order people read it.
func keys(c *Config) []key {
	var all []key
	for _, part := range []func(*Config) []key{
		generalKeys, redisKeys, catalogKeys, awsKeys, accountKeys, policyKeys, processKeys, limitKeys, budgetKeys, webKeys, queueKeys, expiryKeys, ledgerKeys, notificationKeys, reportKeys, tracingKeys,
	} {
		all = append(all, part(c)...)
	}
	return all
}

func generalKeys(c *Config) []key {
	return []key{
		{
			path: "installation", value: text(&c.Installation, checkInstallation), required: true, example: "production",
			doc: "Name of this installation: 1 to 32 of a-z, 0-9 and '-'. It is in every token, name and tag Holdfast leaves in AWS and is recorded in the catalog; expiry and rebuild only touch their own installation. Never change it later.",
		},
		{
			path: "log.level", value: choice(&c.Log.Level, "trace", "debug", "info", "warn", "error"), def: "info",
			doc: "Lowest level that is logged.",
		},
		{
			path: "log.format", value: choice(&c.Log.Format, "json", "console"), def: "json",
			doc: "Shape of the log on standard error: one JSON object a line, or text for people.",
		},
	}
}

func redisKeys(c *Config) []key {
	r := &c.Redis
	return []key{
		{
			path: "redis.mode", value: choice(&r.Mode, RedisEmbedded, RedisSingle, RedisSentinel, RedisCluster), def: RedisEmbedded,
			doc: "Where the queue lives. `embedded` is inside the process, so only `holdfast up` and `holdfast demo` can use it; a fleet needs Redis 6.2 or later, or Valkey. Losing Redis loses no job: it is refilled from the catalog.",
		},
		{
			path: "redis.addresses", value: texts(&r.Addresses, "host:port", checkAddress), example: "redis:6379",
			doc: "One address for `single`; the sentinels for `sentinel`; some nodes for `cluster`.",
		},
		{
			path: "redis.sentinel_master", value: text(&r.SentinelMaster, anyText), example: "mymaster",
			doc: "Name of the master set the sentinels watch.",
		},
		{
			path: "redis.username", value: text(&r.Username, anyText), example: "holdfast",
			doc: "ACL user; leave it out for the default user.",
		},
		{
			path: "redis.password", value: secret(&r.Password, anyText), example: "from-a-secret-store",
			doc: "Password of the user. Prefer the environment variable to the file.",
		},
		{
			path: "redis.db", value: integer(&r.DB, 0, 1023), def: "0",
			doc: "Database number; a cluster has only 0.",
		},
		{
			path: "redis.tls.enabled", value: boolean(&r.TLS.Enabled), def: "false",
			doc: "Whether to speak TLS. Certificates are always verified.",
		},
		{
			path: "redis.tls.ca_file", value: text(&r.TLS.CAFile, anyText), example: "/etc/holdfast/redis-ca.pem",
			doc: "PEM file with the authorities to trust instead of the system's.",
		},
	}
}

func catalogKeys(c *Config) []key {
	return []key{{
		path: "catalog.dsn", value: scalar[DSN]{field: &c.Catalog.DSN, name: "data source", parse: checked[DSN](checkDSN)},
		def: "sqlite:holdfast.db",
		doc: "Where jobs, history and recovery points are kept: `sqlite:PATH` (relative to the working directory) or `postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full`. Several machines need PostgreSQL. The password is never printed.",
	}}
}

func awsKeys(c *Config) []key {
	a := &c.AWS
	return []key{
		{
			path: "aws.partition", value: choice(&a.Partition, "aws", "aws-us-gov", "aws-cn"), def: "aws",
			doc: "AWS partition of all accounts.",
		},
		{
			path: "aws.regions", value: texts(&a.Regions, "region", checkRegion), required: true, example: "eu-west-1,eu-central-1",
			doc: "Regions whose resources are listed and protected. Copies may go to other regions.",
		},
		{
			path: "aws.endpoint_url", value: text(&a.EndpointURL, checkURL), example: "http://127.0.0.1:5000", alsoEnv: "AWS_ENDPOINT_URL",
			doc: "Sends every AWS call to this address, for example a moto server.",
		},
		{
			path: "aws.simulator_url", value: text(&a.SimulatorURL, checkSimulatorURL), example: "http://127.0.0.1:8585",
			doc: "For trying out: sends every AWS call to the simulated organization `holdfast sim serve` keeps at this loopback address. Nothing real is backed up.",
		},
		{
			path: "aws.call_timeout", value: duration(&a.CallTimeout, time.Second, 5*time.Minute), def: "30s",
			doc: "Longest time one AWS call that starts or deletes something may take. After it, another process may find out what became of the call.",
		},
	}
}

func accountKeys(c *Config) []key {
	accounts, roles := &c.AWS.Accounts, &c.AWS.Roles
	return []key{
		{
			path: "aws.accounts.source", value: choice(&accounts.Source, AccountsList, AccountsOrganizations), def: AccountsList,
			doc: "`list` takes aws.accounts.ids; `organizations` asks AWS Organizations for every active account (with the process's own credentials, which then must belong to the management account or a delegated administrator).",
		},
		{
			path: "aws.accounts.ids", value: texts(&accounts.IDs, "account id", checkAccount), live: true, example: "111122223333,444455556666",
			doc: "Accounts to protect, for source `list`.",
		},
		{
			path: "aws.accounts.exclude", value: texts(&accounts.Exclude, "account id", checkAccount), example: "999988887777",
			doc: "Accounts that get no new jobs, whatever the source says. Their recovery points stay.",
		},
		{
			path: "aws.accounts.units", value: list[UnitPath]{field: &accounts.Units, name: "account=unit", parse: parseUnitPath}, example: "111122223333=production/web",
			doc: "Organizational unit of an account, with the units around it: 111122223333=production/web. `holdfast limits set unit=production concurrency=100` then caps what is in progress in all accounts of the unit.",
		},
		{
			path: "aws.roles.arn_template", value: text(&roles.ARNTemplate, checkRoleTemplate), def: defaultRoleTemplate,
			doc: "Role to assume in each account; `{partition}`, `{account}` and `{purpose}` (discover, backup, copy, restore, expire) are filled in. An empty string in the file means the process's own credentials, which works for one account only.",
		},
		{
			path: "aws.roles.external_id", value: secret(&roles.ExternalID, checkExternalID), example: "from-a-secret-store",
			doc: "External id the roles' trust policies ask for.",
		},
		{
			path: "aws.roles.session_duration", value: duration(&roles.SessionDuration, 15*time.Minute, 12*time.Hour), def: "1h",
			doc: "Life of an assumed session. AWS allows at most 1h when the process itself runs under an assumed role.",
		},
		{
			path: "aws.roles.session_policies", value: boolean(&roles.SessionPolicies), def: "true",
			doc: "Narrow each session to the IAM actions that its kind, engine and purpose need, whatever its role allows. Each kind then has sessions of its own. Switch it off where something between Holdfast and STS cannot pass a session policy on.",
		},
		{
			path: "aws.roles.backup_service", value: text(&roles.BackupService, checkServiceRole), def: defaultServiceRole,
			doc: "Role AWS Backup itself works in where it is the engine; `{partition}` and `{account}` are filled in. Holdfast hands it over (iam:PassRole) and never assumes it.",
		},
	}
}

func policyKeys(c *Config) []key {
	return []key{
		{
			path: "policies", value: texts(&c.Policies, "file pattern", checkGlob), example: "policies/*.yaml",
			doc: "Files with backup plans, relative to the directory of this file. Without any, only manual jobs run.",
		},
		{
			path: "organization_policies", value: text(&c.OrganizationPolicies, anyText), example: "policies/organization",
			doc: "Directory with backup policies in the format of AWS Organizations, laid out as the organization: see docs/organization-policies.md. They are in force beside `policies`.",
		},
		{
			path: "kinds", value: list[resource.Kind]{field: &c.Kinds, name: "kind", parse: resource.ParseKind}, example: exampleKinds(),
			doc: "Kinds of resources to list and protect; every kind this binary knows when left out.",
		},
	}
}

// exampleKinds names two kinds for the example file.
func exampleKinds() string { return string(resource.Kinds()[1]) + "," + string(resource.Kinds()[2]) }
