package config

import (
	"fmt"
	"net"
	"slices"
	"strings"
)

// finding is a rule between keys that does not hold, at the key the message starts with.
type finding struct {
	path, message string
}

// inconsistencies returns what is missing or contradictory. Keys that are already
// reported in known are left alone, so that one mistake is one problem.
func (c *Config) inconsistencies(known []Problem) (problems []Problem) {
	if slices.ContainsFunc(known, func(p Problem) bool { return p.File != "" && p.Path == "" }) {
		return nil // the file could not be taken apart: everything would seem missing
	}
	var findings []finding
	for _, rule := range []func(*Config) []finding{
		requiredKeys, redisRules, awsRules, accountRules, unitRules, roleRules, webRules, paceRules, notificationRules, reportRules,
	} {
		findings = append(findings, rule(c)...)
	}
	for _, f := range findings {
		reported := slices.ContainsFunc(known, func(p Problem) bool {
			return p.Path == f.path || strings.HasPrefix(p.Path, f.path+"[")
		})
		if reported {
			continue
		}
		problems = append(problems, c.ProblemAt(f.path, f.message))
	}
	return problems
}

func requiredKeys(c *Config) (findings []finding) {
	for _, k := range keys(c) {
		if k.required && k.value.text() == "" {
			findings = append(findings, finding{k.path, fmt.Sprintf("is required: set it in the file or as %s, for example %s", k.env(), k.example)})
		}
	}
	return findings
}

func redisRules(c *Config) (findings []finding) {
	add := func(path, format string, args ...any) {
		findings = append(findings, finding{path, fmt.Sprintf(format, args...)})
	}
	r := c.Redis
	if r.Mode == RedisEmbedded {
		if len(r.Addresses) > 0 || r.Password != "" || r.Username != "" || r.TLS.Enabled {
			add("redis.mode", "is embedded but an address, user, password or TLS is set: use single, sentinel or cluster, or remove them")
		}
		return findings
	}
	switch {
	case len(r.Addresses) == 0:
		add("redis.addresses", "is required when redis.mode is %s, for example redis:6379", r.Mode)
	case r.Mode == RedisSingle && len(r.Addresses) > 1:
		add("redis.addresses", "has %d addresses but redis.mode is single: keep one, or use sentinel or cluster", len(r.Addresses))
	}
	if r.Mode == RedisSentinel && r.SentinelMaster == "" {
		add("redis.sentinel_master", "is required when redis.mode is sentinel, for example mymaster")
	}
	if r.Mode == RedisCluster && r.DB != 0 {
		add("redis.db", "is %d but a cluster has only database 0: remove it", r.DB)
	}
	if r.TLS.CAFile != "" && !r.TLS.Enabled {
		add("redis.tls.ca_file", "is set but redis.tls.enabled is false: set it to true")
	}
	return findings
}

func awsRules(c *Config) (findings []finding) {
	for i, region := range c.AWS.Regions {
		if want := partitionOf(region); want != c.AWS.Partition {
			findings = append(findings, finding{
				fmt.Sprintf("aws.regions[%d]", i),
				fmt.Sprintf("%s is in partition %s but aws.partition is %s: change one of them", region, want, c.AWS.Partition),
			})
		}
	}
	if c.AWS.EndpointURL != "" && c.AWS.SimulatorURL != "" {
		findings = append(findings, finding{"aws.simulator_url", "is set together with aws.endpoint_url (or AWS_ENDPOINT_URL): keep one"})
	}
	return findings
}

// partitionOf returns the partition a region belongs to.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	default:
		return "aws"
	}
}

func accountRules(c *Config) []finding {
	a := c.AWS.Accounts
	switch {
	case a.Source == AccountsList && len(a.IDs) == 0:
		return []finding{{"aws.accounts.ids", "is required when aws.accounts.source is list, for example 111122223333"}}
	case a.Source == AccountsOrganizations && len(a.IDs) > 0:
		return []finding{{"aws.accounts.ids", "is set but aws.accounts.source is organizations: remove it, or use aws.accounts.exclude"}}
	case len(a.IDs) > 0 && !slices.ContainsFunc(a.IDs, func(id string) bool { return !slices.Contains(a.Exclude, id) }):
		return []finding{{"aws.accounts.exclude", "excludes every account of aws.accounts.ids: nothing would be backed up"}}
	}
	return nil
}

// roleRules asks for a role per account as soon as there can be more than one account.
// The simulated organization has no roles to assume.
func roleRules(c *Config) []finding {
	several := c.AWS.Accounts.Source == AccountsOrganizations || len(c.AWS.Accounts.IDs) > 1
	if several && c.AWS.SimulatorURL == "" && !strings.Contains(c.AWS.Roles.ARNTemplate, placeAccount) {
		return []finding{{"aws.roles.arn_template", "has no {account} but there is more than one account: write it like " + defaultRoleTemplate}}
	}
	return nil
}

func webRules(c *Config) (findings []finding) {
	for _, listen := range []struct{ path, address string }{
		{"web.listen", c.Web.Listen}, {"web.metrics_listen", c.Web.MetricsListen},
	} {
		host, _, err := net.SplitHostPort(listen.address)
		switch {
		case err != nil || isLoopback(host): // not set, wrong and said so elsewhere, or nobody's business
		case !c.Web.AllowRemote:
			findings = append(findings, finding{listen.path, fmt.Sprintf("%s can be reached by others: listen on 127.0.0.1, or set web.allow_remote to true", listen.address)})
		case !c.Web.Login && listen.path == "web.listen":
			findings = append(findings, finding{"web.login", fmt.Sprintf("is false but web.listen %s can be reached by others, who could look and act without a password: listen on 127.0.0.1 or set it to true", listen.address)})
		}
	}
	return findings
}

func paceRules(c *Config) []finding {
	const ticks = 3
	if s := c.Scheduler; s.LeaseTTL < ticks*s.Tick {
		return []finding{{"scheduler.lease_ttl", fmt.Sprintf("%s is less than three ticks of %s: raise it or lower scheduler.tick", s.LeaseTTL, s.Tick)}}
	}
	return nil
}

// CheckShared returns a problem when the queue lives inside one process, so that the
// process named by command would stand alone. `up` and `demo` need no such check.
func (c *Config) CheckShared(command string) error {
	if c.Redis.Mode != RedisEmbedded {
		return nil
	}
	message := fmt.Sprintf("is embedded, which only `holdfast up` and `holdfast demo` can use: `holdfast %s` needs a Redis that other processes reach: set redis.mode to single and redis.addresses", command)
	return &Error{Problems: []Problem{c.origins["redis.mode"].problem("redis.mode", message)}}
}
