package report_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/catalog"
	"holdfast/policy"
	"holdfast/report"
	"holdfast/resource"
)

const protectionPolicy = `plans:
  - name: Daily
    rules:
      - name: nightly
        schedule_expression: cron(0 2 * * ? *)
        target_backup_vault_name: default
        rpo_objective: 26h
        lifecycle: {delete_after_days: 35}
        copy_actions:
          - destination_backup_vault_arn: arn:aws:backup:eu-west-1:$account:backup-vault:dr
            lifecycle: {delete_after_days: 90}
    selections:
      - name: team
        resources: ["*"]
        conditions: {string_equals: [{condition_key: aws:ResourceTag/team, condition_value: team-0}]}
`

// compiled returns the policy in a text.
func compiled(t *testing.T, text string) *policy.Set {
	t.Helper()
	set, result := policy.Compile([]policy.File{{Name: "policy.yaml", Data: []byte(text)}}, nil)
	if len(result.Problems) > 0 {
		t.Fatal(result.Problems)
	}
	return set
}

// backUp runs a backup of the rule and, when copied, its copy an hour later.
func (r *rig) backUp(v resource.Resource, at time.Time, copied bool) {
	r.t.Helper()
	j := catalog.NewBackup(catalog.JobID("protect", v.ARN, at.String()), v, "aws", "scheduler", at)
	j.Plan, j.Rule, j.FireAt = "Daily", "nightly", at
	p := r.run(j, time.Hour, nil)
	c := catalog.NewCopy(catalog.JobID("copy", j.ID), p, catalog.CopySpec{Account: v.Account, Region: "eu-west-1", Vault: "dr"}, nil, "scheduler", at.Add(time.Hour))
	c.FireAt = at
	if copied {
		r.run(c, time.Hour, func(p *catalog.RecoveryPoint) { p.ParentID = j.ID })
		return
	}
	c.State, c.EndedAt = catalog.Failed, c.CreatedAt
	r.insert(c)
}

// protected fills a catalog: of six resources, those of team-0 have a rule; one has good
// points, one a failed copy, one nothing, and of the others one was backed up by hand.
func protected(r *rig) report.Request {
	r.set = compiled(r.t, protectionPolicy)
	r.inventory(volume(web, 0), volume(web, 1), volume(web, 2), volume(web, 3), volume(data, 4), volume(data, 5))
	if _, err := r.SeeRule(r.t.Context(), "Daily", "nightly", night.AddDate(0, 0, -1)); err != nil {
		r.t.Fatal(err)
	}
	for day := range 3 {
		r.backUp(volume(web, 0), night.AddDate(0, 0, day), true)
		r.backUp(volume(web, 2), night.AddDate(0, 0, day), day != 1)
	}
	r.run(catalog.NewBackup("by-hand", volume(data, 5), "aws", "me", night), time.Hour, nil)
	return report.Request{
		Kind: report.Protection, From: night, To: night.AddDate(0, 0, 3).Add(-time.Hour),
		By: "account", Grouping: catalog.Grouping{By: catalog.ByAccount},
	}
}

func TestProtectionReportEqualsSQL(t *testing.T) {
	t.Parallel()
	onBoth(t, func(r *rig) {
		made := r.make(protected(r))
		const ruled = `resources WHERE gone_at = 0 AND tags LIKE '%"team":"team-0"%'`
		for _, account := range []string{web, data} {
			mine := "FROM resources WHERE gone_at = 0 AND account = '" + account + "'"
			points := "(SELECT 1 FROM points WHERE resource_arn = resources.arn AND state = 'AVAILABLE')"
			elsewhere := "(SELECT 1 FROM points p WHERE resource_arn = resources.arn AND p.state = 'AVAILABLE' AND (p.account <> resources.account OR p.region <> resources.region))"
			for column, query := range map[string]string{
				"resources": "SELECT count(*) " + mine,
				"no_rule":   "SELECT count(*) " + mine + " AND arn NOT IN (SELECT arn FROM " + ruled + ")",
				"no_point":  "SELECT count(*) " + mine + " AND NOT EXISTS " + points,
				"no_copy":   "SELECT count(*) " + mine + " AND EXISTS " + points + " AND NOT EXISTS " + elsewhere,
				"protected": "SELECT count(*) " + mine + " AND arn IN (SELECT arn FROM " + ruled + ") AND EXISTS " + points + " AND EXISTS " + elsewhere,
				"bytes":     "SELECT COALESCE(sum(size_bytes), 0) FROM points WHERE state = 'AVAILABLE' AND resource_arn IN (SELECT arn " + mine + ")",
			} {
				if got, want := cell(r.t, made.Tables[0], account, column), int64(r.number(query)); got != want {
					r.t.Errorf("%s of %s: %v, by SQL %d", column, account, got, want)
				}
			}
		}
		var found []string
		for _, row := range made.Tables[1].Rows {
			found = append(found, fmt.Sprint(row[0].(string)[len(volume(web, 0).ARN)-4:], " ", row[5]))
		}
		want := []string{"0001 no_point", "0003 no_point", "0004 no_point", "0001 no_rule", "0003 no_rule", "0005 no_rule", "0005 no_copy"}
		if diff := cmp.Diff(want, found); diff != "" {
			r.t.Errorf("findings (-want +got):\n%s", diff)
		}
	})
}

// TestRPOReportEqualsSQL measures the time within the objective by a query that sums the
// gaps between good points, as the window functions of both databases can.
func TestRPOReportEqualsSQL(t *testing.T) {
	t.Parallel()
	onBoth(t, func(r *rig) {
		req := protected(r)
		req.Kind = report.RPO
		made := r.make(req)
		for _, n := range []int{0, 2, 4} {
			arn := volume(map[bool]string{true: web, false: data}[n < 4], n).ARN
			within := r.number(fmt.Sprintf(`WITH goods(held, good) AS (
				SELECT 0, 0 UNION ALL SELECT %[2]d, %[2]d UNION ALL
				SELECT b.created_at, c.completed_at FROM points b JOIN points c ON c.parent_id = b.id WHERE b.resource_arn = '%[1]s'),
			spans AS (SELECT held, good, lead(good, 1, %[4]d) OVER (ORDER BY good) AS until FROM goods WHERE held > 0),
			clipped AS (SELECT held + 26 * 3600000 AS lim, CASE WHEN good < %[3]d THEN %[3]d ELSE good END AS since, until FROM spans)
			SELECT COALESCE(sum(CASE WHEN lim < until THEN lim ELSE until END - since), 0) FROM clipped WHERE lim > since AND until > since`,
				arn, night.Add(-time.Hour).UnixMilli(), req.From.UnixMilli(), req.To.UnixMilli()))
			measured := float64(req.To.Sub(req.From).Milliseconds())
			if got, want := cell(r.t, made.Tables[1], arn, "time_within").(float64), within/measured; got != want {
				r.t.Errorf("time within of %s: %v, by SQL %v", arn, got, want)
			}
			last := r.number("SELECT COALESCE(max(b.created_at), 0) FROM points b JOIN points c ON c.parent_id = b.id WHERE b.resource_arn = '" + arn + "'")
			got := cell(r.t, made.Tables[1], arn, "last_good").(time.Time)
			if last == 0 != got.IsZero() || last > 0 && float64(got.UnixMilli()) != last {
				r.t.Errorf("last good of %s: %v, by SQL %v", arn, got, last)
			}
		}
		if got := cell(r.t, made.Tables[1], volume(data, 4).ARN, "standing"); got != "breached" {
			r.t.Errorf("a resource without any point is %v, want breached", got)
		}
		if got := cell(r.t, made.Tables[1], volume(web, 0).ARN, "standing"); got != "within" {
			r.t.Errorf("a resource backed up last night is %v, want within", got)
		}
		if len(made.Tables[1].Rows) != 3 || cell(r.t, made.Tables[0], web, "objectives") != int64(2) {
			r.t.Errorf("%d resources have an objective, want 3", len(made.Tables[1].Rows))
		}
	})
}
