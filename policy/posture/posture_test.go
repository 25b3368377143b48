package posture_test

import (
	"fmt"
	"testing"
	"time"

	"holdfast/policy"
	"holdfast/policy/posture"
	"holdfast/resource"
)

var now = time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)

// plan takes the volumes tagged backup=yes every night at one, with a window of an hour.
const plan = `
plans:
  - name: Daily
    rules:
      - name: nightly
        target_backup_vault_name: default
        schedule_expression: cron(0 1 * * ? *)
        start_window_minutes: 60
        completion_window_minutes: 240
%s
    selections:
      - name: tagged
        list_of_tags:
          - condition_type: STRINGEQUALS
            condition_key: backup
            condition_value: "yes"
`

const arn = "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1"

func compiled(t *testing.T, extra string) *policy.Set {
	t.Helper()
	set, result := policy.Compile([]policy.File{{Name: "p.yaml", Data: []byte(fmt.Sprintf(plan, extra))}},
		[]policy.Capabilities{policy.Native(resource.EBS, "arn:*:ec2:*:*:volume/*", policy.Abilities{CopyRegion: true, CopyAccount: true})})
	if len(result.Problems) > 0 {
		t.Fatal(result.Problems)
	}
	return set
}

func volume(tags map[string]string) resource.Resource {
	return resource.Resource{ARN: arn, Kind: resource.EBS, Account: "111122223333", Region: "eu-west-1", Tags: tags}
}

func TestLook(t *testing.T) {
	t.Parallel()
	tagged := volume(map[string]string{"backup": "yes"})
	broken := tagged
	broken.Unsupported = "an instance store"
	set := compiled(t, "")
	strict := compiled(t, "        rpo_objective: 2h")
	copies := compiled(t, "        copy_actions:\n          - destination_backup_vault_arn: arn:aws:backup:eu-central-1:111122223333:backup-vault:far")
	ago := func(hours int) time.Time { return now.Add(-time.Duration(hours) * time.Hour) }
	for name, row := range map[string]struct {
		set    *policy.Set
		r      resource.Resource
		points posture.Points
		want   posture.Status
		late   time.Duration
	}{
		"young enough by the schedule": {set, tagged, posture.Points{Count: 1, Last: ago(25)}, posture.Met, 0},
		"a night is missing":           {set, tagged, posture.Points{Count: 1, Last: ago(30)}, posture.Missed, 5 * time.Hour},
		"the rule's own objective":     {strict, tagged, posture.Points{Count: 1, Last: ago(3)}, posture.Missed, time.Hour},
		"never backed up":              {set, tagged, posture.Points{}, posture.Never, 0},
		"no rule":                      {set, volume(nil), posture.Points{Count: 1, Last: ago(1)}, posture.Unprotected, 0},
		"no policies":                  {nil, tagged, posture.Points{}, posture.Unprotected, 0},
		"cannot be backed up":          {set, broken, posture.Points{}, posture.Unsupported, 0},
		"the copy is old":              {copies, tagged, posture.Points{Count: 2, Last: ago(1), LastCopy: ago(27)}, posture.Missed, 2 * time.Hour},
		"the copy is younger":          {copies, tagged, posture.Points{Count: 2, Last: ago(2), LastCopy: ago(1)}, posture.Met, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := posture.New(row.set, now).Look(row.r, row.points)
			if got.Status != row.want || got.Late() != row.late {
				t.Errorf("%s late by %v, want %s late by %v", got.Status, got.Late(), row.want, row.late)
			}
		})
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	set := compiled(t, "")
	taken := posture.Explain(set, volume(map[string]string{"backup": "yes"}))
	if len(taken) != 1 || !taken[0].Taken || taken[0].Selection != "tagged" {
		t.Errorf("a tagged volume: %+v", taken)
	}
	left := posture.Explain(set, volume(nil))
	if len(left) != 1 || left[0].Taken || left[0].Text == "" {
		t.Errorf("a volume without tags: %+v", left)
	}
	if got := posture.Explain(nil, volume(nil)); got != nil {
		t.Errorf("without policies: %+v", got)
	}
}
