package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/report"
)

// TestControlsEqualSQL compares the controls that points and restores decide with queries,
// and those that policies decide with what the policy says.
func TestControlsEqualSQL(t *testing.T) {
	t.Parallel()
	onBoth(t, func(r *rig) {
		req := protected(r)
		long := catalog.NewBackup("long", volume(data, 4), "aws", "me", night)
		long.Spec = catalog.Spec{Vault: "plain", DeleteAfter: 40}
		p := r.run(long, time.Hour, func(p *catalog.RecoveryPoint) { p.Encrypted = false })
		short := catalog.NewBackup("short", volume(data, 5), "aws", "me", night.AddDate(0, 0, 2))
		short.Spec.DeleteAfter = 10
		r.run(short, time.Hour, nil)
		for n, hours := range []int{1, 20} { // the last one counts
			restore := catalog.NewRestore(fmt.Sprint("restore-", n), p, p.Scope(), nil, "me", night.Add(time.Duration(n+2)*time.Hour))
			r.run(restore, time.Duration(hours)*time.Hour, nil)
		}
		req.Kind = report.Controls
		made := r.make(req)
		const there = "SELECT count(*) FROM resources WHERE gone_at = 0 AND "
		const points = "FROM points p WHERE p.state = 'AVAILABLE' AND p.resource_arn = resources.arn"
		hour := int64(time.Hour / time.Millisecond)
		for name, query := range map[string][2]string{
			"BACKUP_RECOVERY_POINT_ENCRYPTED": {
				"EXISTS (SELECT 1 " + points + ") AND NOT EXISTS (SELECT 1 " + points + " AND p.encrypted = 0)", "EXISTS (SELECT 1 " + points + " AND p.encrypted = 0)",
			},
			"BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK": {
				fmt.Sprintf("EXISTS (SELECT 1 %s) AND NOT EXISTS (SELECT 1 %s AND p.delete_at > 0 AND p.delete_at - p.created_at < %d)", points, points, 35*24*hour),
				fmt.Sprintf("EXISTS (SELECT 1 %s AND p.delete_at > 0 AND p.delete_at - p.created_at < %d)", points, 35*24*hour),
			},
			"BACKUP_LAST_RECOVERY_POINT_CREATED": {
				fmt.Sprintf("(SELECT max(p.created_at) %s) >= %d", points, req.To.UnixMilli()-24*hour),
				fmt.Sprintf("COALESCE((SELECT max(p.created_at) %s), 0) < %d", points, req.To.UnixMilli()-24*hour),
			},
			"RESTORE_TIME_FOR_RESOURCES_MEET_TARGET": {
				"1 = 0",
				fmt.Sprintf("(SELECT j.ended_at - j.started_at FROM jobs j WHERE j.type = 'restore' AND j.state = 'COMPLETED' AND j.resource_arn = resources.arn ORDER BY j.ended_at DESC LIMIT 1) > %d", 12*hour),
			},
			"BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN":         {`tags LIKE '%"team":"team-0"%'`, `tags LIKE '%"team":"team-1"%'`},
			"BACKUP_RESOURCES_PROTECTED_BY_CROSS_REGION":        {`tags LIKE '%"team":"team-0"%'`, `tags LIKE '%"team":"team-1"%'`},
			"BACKUP_RESOURCES_PROTECTED_BY_CROSS_ACCOUNT":       {"1 = 0", "1 = 1"},
			"BACKUP_RESOURCES_PROTECTED_BY_BACKUP_VAULT_LOCK":   {"1 = 0", "1 = 1"},
			"BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK": {`tags LIKE '%"team":"team-0"%'`, `tags LIKE '%"team":"team-1"%'`},
		} {
			for i, column := range []string{"pass", "fail"} {
				if got, want := cell(r.t, made.Tables[0], name, column), int64(r.number(there+query[i])); got != want {
					r.t.Errorf("%s: %v %s, by SQL %d", name, got, column, want)
				}
			}
		}
		if len(made.Tables[0].Rows) != 11 || len(made.Tables[1].Rows) != 11*6 {
			r.t.Errorf("%d controls and %d verdicts, want 11 and 66", len(made.Tables[0].Rows), len(made.Tables[1].Rows))
		}
	})
}

// TestVaultLocksDecide tries the two controls that ask for locks.
func TestVaultLocksDecide(t *testing.T) {
	t.Parallel()
	onBoth(t, func(r *rig) {
		req := protected(r)
		r.set = compiled(r.t, protectionPolicy+"vaults:\n  - {name: dr, min_retention_days: 7}\n  - {name: default, min_retention_days: 7}\n")
		p := volume(web, 0)
		req.Kind = report.Controls
		made := r.make(req)
		for _, row := range made.Tables[1].Rows {
			lock := strings.HasSuffix(row[0].(string), "VAULT_LOCK") || strings.HasSuffix(row[0].(string), "MANUAL_DELETION_DISABLED")
			if row[1] != p.ARN || !lock {
				continue
			}
			// The rig's points lie in no vault, so only what the policy says is locked.
			want := map[bool]string{true: "pass", false: "fail"}[strings.HasSuffix(row[0].(string), "VAULT_LOCK")]
			if row[4] != want {
				r.t.Errorf("%s of %s: %v (%v), want %s", row[0], row[1], row[4], row[5], want)
			}
		}
	})
}

func TestParameters(t *testing.T) {
	t.Parallel()
	p := report.DefaultParameters()
	for _, good := range []string{"requiredFrequencyValue=12", "requiredFrequencyUnit=hours", "requiredRetentionDays=30", "crossRegionList=eu-west-1,eu-west-2", "crossAccountList=111122223333", "minRetentionDays=7", "maxRetentionDays=365", "recoveryPointAgeValue=2", "recoveryPointAgeUnit=days", "maxRestoreTime=60"} {
		if err := p.Set(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	if p.Frequency.Duration() != 12*time.Hour || p.RetentionDays != 30 || len(p.Regions) != 2 || p.PointAge.Duration() != 48*time.Hour || p.MaxRestore != time.Hour || p.MaxLockDays != 365 {
		t.Errorf("parameters are %+v", p)
	}
	for bad, want := range map[string]string{
		"colour=red": "no parameter", "requiredRetentionDays": "NAME=VALUE", "requiredRetentionDays=soon": "whole number",
		"recoveryPointAgeUnit=weeks": "hours or days", "crossAccountList=12": "twelve digits", "crossRegionList=": "name regions", "maxRestoreTime=0": "whole number",
	} {
		if err := p.Set(bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", bad, err, want)
		}
	}
}
