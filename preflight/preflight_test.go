package preflight_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"

	"holdfast/driver/all"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/policy"
	"holdfast/preflight"
	"holdfast/resource"
	"holdfast/sim"
)

const (
	hub    = "111111111111"
	member = "222222222222"
	safe   = "333333333333"
	home   = "eu-central-1"
	away   = "eu-west-1"
)

const rules = `
plans:
  - name: production
    rules:
      - name: nightly
        schedule_expression: "cron(0 2 * * ? *)"
        target_backup_vault_name: daily
        engine: aws-backup
        lifecycle: {delete_after_days: 35}
        copy_actions:
          - {destination_backup_vault_arn: "arn:aws:backup:eu-west-1:333333333333:backup-vault:far", lifecycle: {delete_after_days: 400}}
    selections:
      - {name: volumes, resources: ["arn:*:ec2:*:*:volume/*"]}
`

// lab is an organization reached by its roles, with a vault in each place.
type lab struct {
	t        *testing.T
	org      *sim.Organization
	sessions awssession.Provider
	options  preflight.Options
	volume   resource.Resource
}

func newLab(t *testing.T) *lab {
	t.Helper()
	now := clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	org, err := sim.New(sim.Options{Clock: now, Accounts: []string{hub, member, safe}, Unthrottled: true, RetryBackoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	base := org.Base(home)
	sessions, err := awssession.NewProvider(t.Context(), awssession.Options{
		Installation: "prod", RoleTemplate: "arn:{partition}:iam::{account}:role/holdfast-{purpose}", ExternalID: "e-1", Base: &base,
	})
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, org: org, sessions: sessions}
	arn, err := org.Create(sim.Blueprint{Kind: resource.EBS, Account: member, Region: home})
	if err != nil {
		t.Fatal(err)
	}
	l.volume = resource.Resource{ARN: arn, Kind: resource.EBS, Account: member, Region: home}
	l.vault(member, home, "daily")
	l.vault(safe, away, "far")
	l.options = preflight.Options{
		Drivers: all.New(sessions), Accounts: []string{hub, member, safe}, Regions: []string{home, away}, Partition: "aws",
		Assume: func(ctx context.Context, scope resource.Scope, purpose resource.Purpose) error {
			_, err := sessions.Config(ctx, awssession.Request{Scope: scope, Purpose: purpose})
			return err
		},
		Now: now.Now(), Parallel: 4, Timeout: time.Minute,
	}
	l.policies(rules)
	return l
}

func (l *lab) policies(text string) {
	l.t.Helper()
	set, result := policy.Compile([]policy.File{{Name: "p.yaml", Data: []byte(text)}}, nil)
	if len(result.Problems) > 0 {
		l.t.Fatal(result.Problems)
	}
	l.options.Policies = set
}

func (l *lab) client(account, region string) *backup.Client {
	l.t.Helper()
	cfg, err := l.org.Provider().Config(l.t.Context(), awssession.Request{Scope: resource.Scope{Partition: "aws", Account: account, Region: region}})
	if err != nil {
		l.t.Fatal(err)
	}
	return backup.NewFromConfig(cfg)
}

func (l *lab) vault(account, region, name string) {
	l.t.Helper()
	_, err := l.client(account, region).CreateBackupVault(l.t.Context(), &backup.CreateBackupVaultInput{BackupVaultName: &name})
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) lock(account, region, name string, least, most *int64) {
	l.t.Helper()
	_, err := l.client(account, region).PutBackupVaultLockConfiguration(l.t.Context(), &backup.PutBackupVaultLockConfigurationInput{
		BackupVaultName: &name, MinRetentionDays: least, MaxRetentionDays: most,
	})
	if err != nil {
		l.t.Fatal(err)
	}
}

// run walks and returns the findings that are not ok.
func (l *lab) run() (all, bad []preflight.Finding) {
	l.t.Helper()
	walk := preflight.New(l.options)
	walk.Add(l.volume)
	walk.Add(l.volume) // what is there twice is checked once
	all, err := walk.Run(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	for _, f := range all {
		if f.Status != preflight.OK {
			bad = append(bad, f)
		}
	}
	return all, bad
}

func TestNothingIsInTheWay(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	told := 0
	l.options.Parallel, l.options.Done = 1, func(int, int) { told++ }
	found, bad := l.run()
	// Two accounts, two regions, three roles in each and the source's for the copy, a look
	// and a vault in each.
	if len(bad) > 0 || len(found) != 2+2+7+2+2 || told != len(found) {
		t.Errorf("%d checks, told %d times, bad: %+v", len(found), told, bad)
	}
	for _, f := range found {
		if len(f.Rules) != 1 || f.Rules[0] != "production/nightly" {
			t.Errorf("rules of %+v", f)
		}
	}
}

// TestEveryObstacleIsNamed breaks one thing at a time.
func TestEveryObstacleIsNamed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		harm          func(*lab)
		check, status string
		says          []string
	}{
		"the role of the destination is missing": {
			func(l *lab) { l.org.SetRole(safe, sim.RoleName(resource.ForExpire), sim.Role{Missing: true}) },
			preflight.CheckRole, preflight.Fail, []string{"the role for expire cannot be assumed", "sts:AssumeRole", safe},
		},
		"a trust policy wants another external id": {
			func(l *lab) {
				l.org.SetRole(member, sim.RoleName(resource.ForExpire), sim.Role{ExternalID: "other", Allowed: []string{"*"}})
			},
			preflight.CheckRole, preflight.Fail, []string{"the role for expire cannot be assumed"},
		},
		"the role may not look": {
			func(l *lab) {
				l.org.SetRole(member, sim.RoleName(resource.ForDiscover), sim.Role{Allowed: []string{"ec2:*"}})
			},
			preflight.CheckLook, preflight.Fail, []string{"no identity-based policy allows the backup:ListBackupJobs action"},
		},
		"a service control policy denies": {
			func(l *lab) {
				l.org.SetRole(member, sim.RoleName(resource.ForDiscover), sim.Role{Allowed: []string{"*"}, Denied: []string{"backup:List*"}})
			},
			preflight.CheckLook, preflight.Fail, []string{"backup:ListBackupJobs", "explicit deny in a service control policy"},
		},
		"the role may not see the vault": {
			func(l *lab) {
				l.org.SetRole(member, sim.RoleName(resource.ForBackup), sim.Role{Allowed: []string{"backup:StartBackupJob"}})
			},
			preflight.CheckVault, preflight.Fail, []string{"no identity-based policy allows the backup:DescribeBackupVault action"},
		},
		"the destination is of nobody's organization": {
			func(l *lab) { l.options.Accounts = []string{hub, member} },
			preflight.CheckAccount, preflight.Fail, []string{"account " + safe + " does not belong"},
		},
		"the region is not looked at": {
			func(l *lab) { l.options.Regions = []string{home} },
			preflight.CheckRegion, preflight.Warn, []string{away, "aws.regions"},
		},
		"the vault's lock wants points deleted sooner": {
			func(l *lab) { l.lock(safe, away, "far", nil, aws.Int64(365)) },
			preflight.CheckVault, preflight.Fail, []string{"vault far is locked and keeps points at most 365 days: delete_after_days is 400"},
		},
		"the vault's lock wants points kept longer": {
			func(l *lab) { l.lock(member, home, "daily", aws.Int64(90), nil) },
			preflight.CheckVault, preflight.Fail, []string{"vault daily is locked and keeps points at least 90 days: delete_after_days is 35"},
		},
		"the vault is not there yet": {
			func(l *lab) { l.policies(strings.Replace(rules, "daily", "weekly", 1)) },
			preflight.CheckVault, preflight.Warn, []string{"DescribeBackupVault"},
		},
		"the key of the copy is elsewhere": {
			func(l *lab) {
				l.policies(strings.Replace(rules, "backup-vault:far\",", "backup-vault:far\", kms_key_arn: \"arn:aws:kms:eu-west-1:222222222222:key/k\",", 1))
			},
			preflight.CheckKey, preflight.Fail, []string{"is not in " + safe + "/" + away},
		},
		"AWS does not answer": {
			func(l *lab) {
				l.org.Inject(sim.Fault{Service: "backup", Operation: "ListBackupJobs", Account: member, Effect: sim.ServerError})
			},
			preflight.CheckLook, preflight.Warn, []string{"ListBackupJobs"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			test.harm(l)
			_, bad := l.run()
			if len(bad) != 1 {
				t.Fatalf("%d findings: %+v", len(bad), bad)
			}
			if f := bad[0]; f.Check != test.check || f.Status != test.status || f.Remedy == "" {
				t.Errorf("finding %+v", f)
			}
			for _, want := range test.says {
				if !strings.Contains(bad[0].Message, want) {
					t.Errorf("%q does not say %q", bad[0].Message, want)
				}
			}
		})
	}
}
