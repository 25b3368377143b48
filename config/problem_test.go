package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProblems(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		text string
		env  []string
		want []string
	}{
		{"empty", "", nil, []string{
			"f: installation: is required: set it in the file or as HOLDFAST_INSTALLATION, for example production",
			"f: aws.regions: is required: set it in the file or as HOLDFAST_AWS_REGIONS, for example eu-west-1,eu-central-1",
			"f: aws.accounts.ids: is required when aws.accounts.source is list, for example 111122223333",
		}},
		{"empty sections", minimal + "redis:\nlog:\n", nil, nil},
		{"misspelled key", minimal + "logging: {}\nredis: {adresses: []}\nregions: []\n", nil, []string{
			"f:6: logging: unknown key: did you mean log?",
			"f:7: redis.adresses: unknown key: did you mean redis.addresses?",
			"f:8: regions: unknown key: did you mean aws.regions, written as nested keys?",
		}},
		{"dotted key", minimal + "redis.mode: single\n", nil, []string{
			"f:6: redis.mode: unknown key: did you mean redis.mode, written as nested keys?",
		}},
		{"no such key", minimal + "web: {colour: red}\n", nil, []string{
			"f:6: web.colour: unknown key: use allow_remote, asynqmon_actions, listen, login, metrics_listen",
		}},
		{"key twice", minimal + "log:\n  level: info\n  level: warn\n", nil, []string{
			"f:8: log.level: is already set on line 7: remove one",
		}},
		{"section twice", minimal + "aws: {}\n", nil, []string{"f:6: aws: is already set on line 2: remove one"}},
		{"wrong shapes", minimal + "log: info\nkinds: ebs\npolicies: {a: b}\nworker: {queues: [a], concurrency: [1]}\n", nil, []string{
			"f:6: log: must hold keys, as in `format: ...`, one a line",
			"f:7: kinds: must be a list: write [a, b] or one `- value` a line",
			"f:8: policies: must be a list: write [a, b] or one `- value` a line",
			"f:9: worker.queues: must be a map: write {name: value} or one `name: value` a line",
			"f:9: worker.concurrency: must be a single value",
		}},
		{"wrong values", minimal + `log: {level: loud}
worker:
  concurrency: 0
  queues: {restore: 1, restores: 1}
scheduler:
  tick: 5
  lease_ttl: 1h
web: {asynqmon_actions: yes}
kinds:
  - ebs
  - floppy
  - ebs
`, nil, []string{
			`f:6: log.level: "loud" is not one of trace, debug, info, warn, error`,
			`f:8: worker.concurrency: "0" is not a whole number from 1 to 4096`,
			`f:9: worker.queues.restores: unknown name "restores": use failed, inventory, look, restore, start`,
			`f:11: scheduler.tick: "5" is not a duration: write it like 90s, 10m or 1h30m`,
			`f:12: scheduler.lease_ttl: 1h is out of range: use 3s to 5m`,
			`f:13: web.asynqmon_actions: "yes" is not true or false`,
			`f:16: kinds[1]: unknown resource kind "floppy": use one of ec2, ebs, rds, aurora, neptune, docdb, dynamodb, efs, fsxlustre, fsxwindows, storagegateway, s3, vmware`,
			`f:17: kinds[2]: "ebs" is in the list twice: remove one`,
		}},
		{"no value", minimal + "log: {level: }\nkinds: [~]\n", nil, []string{
			"f:6: log.level: has no value: give it one or remove the key",
			"f:7: kinds[0]: must be a single value",
		}},
		{"not YAML", "installation: [a\nb: c", nil, []string{"f:1: not YAML: did not find expected ',' or ']'"}},
		{"two documents", minimal + "---\nlog: {}\n", nil, []string{"f: the file has more than one YAML document: keep one and remove '---'"}},
		{"not UTF-8", "installation: \xff", nil, []string{"f: the file is not UTF-8: save it as UTF-8"}},
		{"alias", minimal + "log: {level: &a info, format: *a}\n", nil, []string{
			"f:6: log.level: anchors and aliases are not supported: write the value out",
			"f:6: log.format: anchors and aliases are not supported: write the value out",
		}},
		{"tag", minimal + "log: {level: !x info}\n", nil, []string{"f:6: log.level: tags such as !x are not supported: remove it"}},
		{"root is a list", "[a]", nil, []string{
			"f:1: must hold keys, as in `installation: ...`, one a line",
		}},
		{"environment", minimal, []string{
			"HOLDFAST_LOG_LEVEL=loud", "HOLDFAST_AWS_ACCOUNTS_EXCLUDE=1,111122223333", "HOLDFAST_REDIS_PASWORD=x", "HOLDFAST_SERVICE_HOST=x",
		}, []string{
			`env HOLDFAST_AWS_ACCOUNTS_EXCLUDE: aws.accounts.exclude[0]: "1" is not an account id: write twelve digits`,
			`env HOLDFAST_LOG_LEVEL: log.level: "loud" is not one of trace, debug, info, warn, error`,
			`env HOLDFAST_REDIS_PASWORD: unknown variable: did you mean HOLDFAST_REDIS_PASSWORD?`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, problems(t, tt.text, tt.env...)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInconsistencies(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"embedded with address", "redis:\n  addresses: [\"a:1\"]\n", "redis.mode: is embedded but"},
		{"single without address", "redis: {mode: single}\n", "redis.addresses: is required when redis.mode is single"},
		{"single with two", "redis: {mode: single, addresses: [\"a:1\", \"b:1\"]}\n", "redis.addresses: has 2 addresses"},
		{"sentinel without master", "redis: {mode: sentinel, addresses: [\"a:1\"]}\n", "redis.sentinel_master: is required"},
		{"cluster with db", "redis: {mode: cluster, addresses: [\"a:1\"], db: 1}\n", "redis.db: is 1 but"},
		{"CA without TLS", "redis: {mode: single, addresses: [\"a:1\"], tls: {ca_file: x}}\n", "redis.tls.ca_file: is set but"},
		{"remote web", "web: {listen: \":8484\"}\n", "web.listen: :8484 can be reached by others"},
		{"remote metrics", "web: {metrics_listen: \"0.0.0.0:9090\"}\n", "web.metrics_listen: 0.0.0.0:9090 can be reached by others"},
		{"remote without login", "web: {listen: \"0.0.0.0:1\", allow_remote: true}\n", "web.login: is false but"},
		{"short lease", "scheduler: {tick: 10s}\n", "scheduler.lease_ttl: 15s is less than three ticks of 10s"},
		{"no policy file pattern", "policies: [\"[\"]\n", `policies[0]: "[" is not a file pattern`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := problems(t, minimal+tt.text)
			if len(got) != 1 || !strings.Contains(got[0], tt.want) {
				t.Errorf("got %q, want one problem with %q", got, tt.want)
			}
		})
	}
}

func TestAWSInconsistencies(t *testing.T) {
	t.Parallel()
	const head = "installation: a\naws:\n  accounts: {ids: [\"111122223333\", \"444455556666\"]}\n  regions: [eu-west-1]\n"
	tests := []struct{ name, text, want string }{
		{"partition", strings.Replace(head, "eu-west-1", "cn-north-1", 1), "aws.regions[0]: cn-north-1 is in partition aws-cn"},
		{"list and organizations", strings.Replace(head, "{ids", "{source: organizations, ids", 1), "aws.accounts.ids: is set but"},
		{"all excluded", strings.Replace(head, "{ids", "{exclude: [\"111122223333\", \"444455556666\"], ids", 1), "aws.accounts.exclude: excludes every account"},
		{"one role for two accounts", head + "  roles: {arn_template: \"arn:aws:iam::111122223333:role/x\"}\n", "aws.roles.arn_template: has no {account}"},
		{"no role for two accounts", head + "  roles: {arn_template: \"\"}\n", "aws.roles.arn_template: has no {account}"},
		{"placeholder", head + "  roles: {arn_template: \"arn:aws:iam::{acount}:role/x\"}\n", "unknown placeholder {acount}"},
		{"not a role", head + "  roles: {arn_template: \"arn:aws:iam::{account}:user/x\"}\n", "does not become the ARN of a role"},
		{"external id", head + "  roles: {external_id: \"a b\"}\n", "aws.roles.external_id: is not an external id"},
		{"endpoint", head + "  endpoint_url: localhost:5000\n", `aws.endpoint_url: "localhost:5000" is not a URL`},
		{"simulator elsewhere", head + "  simulator_url: http://example.com\n", "aws.simulator_url: \"http://example.com\" is not on this machine"},
		{"both", head + "  simulator_url: http://localhost:1\n  endpoint_url: http://localhost:2\n", "aws.simulator_url: is set together with aws.endpoint_url"},
		{"octal-looking account", "installation: a\naws: {regions: [eu-west-1], accounts: {ids: [012345670123]}}\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(problems(t, tt.text), "\n")
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) || strings.Contains(got, "\n") {
				t.Errorf("got %q, want one problem with %q", got, tt.want)
			}
		})
	}
}
