package chaos

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holdfast/driver"
	"holdfast/sim"
)

const (
	volume = "arn:aws:ec2:eu-central-1:111111111111:volume/vol-1"
	away   = "eu-west-1"
)

// made returns an artefact of the job called name, made d after the first night began.
func made(operation driver.Operation, name string, d time.Duration) sim.Artefact {
	at := nights[0].Add(d)
	mark := driver.Mark{
		Installation: installation, JobID: name + strings.Repeat("0", 26-len(name)), SourceARN: volume,
		Plan: "production", Rule: "nightly", CreatedAt: at,
	}
	a := sim.Artefact{Operation: operation, ARN: "arn:" + name, Source: volume, Tags: mark.Tags(nil), CreatedAt: at, Place: sim.Place{Region: "eu-central-1"}}
	if operation == driver.Copy {
		a.Place.Region, a.Source = away, "arn:snapshot"
	}
	return a
}

func deleted(a sim.Artefact, d time.Duration) sim.Artefact {
	a.DeletedAt = nights[0].Add(d)
	return a
}

const day = 24 * time.Hour

// sound is two nights as they should be.
func sound() []sim.Artefact {
	return []sim.Artefact{
		deleted(made(driver.Backup, "b1", time.Minute), day+5*time.Minute),
		deleted(made(driver.Copy, "c1", 2*time.Minute), day+5*time.Minute),
		made(driver.Restore, "r1", 3*time.Minute),
		made(driver.Backup, "b2", day+time.Minute),
		made(driver.Copy, "c2", day+2*time.Minute),
	}
}

func TestCountsFindWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func([]sim.Artefact) []sim.Artefact
		held   map[string]bool
		want   Counts
	}{
		"nothing": {change: func(all []sim.Artefact) []sim.Artefact { return all }},
		"a backup and what follows are missing": {
			change: func(all []sim.Artefact) []sim.Artefact { return all[:3] }, want: Counts{Lost: 1},
		},
		"a copy is missing":    {change: func(all []sim.Artefact) []sim.Artefact { return all[:4] }, want: Counts{Lost: 1}},
		"a restore is missing": {change: func(all []sim.Artefact) []sim.Artefact { return append(all[:2:2], all[3:]...) }, want: Counts{Lost: 1}},
		"a backup failed on AWS": {
			change: func(all []sim.Artefact) []sim.Artefact { all[3].Failed = true; return all[:4] }, want: Counts{Lost: 1},
		},
		"a point should be gone": {
			change: func(all []sim.Artefact) []sim.Artefact { all[0].DeletedAt = time.Time{}; return all }, want: Counts{Lost: 1},
		},
		"one job made two": {
			change: func(all []sim.Artefact) []sim.Artefact {
				twin := made(driver.Backup, "b2", day+2*time.Minute)
				twin.ARN = "arn:twin"
				return append(all, twin)
			}, want: Counts{Duplicates: 1},
		},
		"two jobs made one each": {
			change: func(all []sim.Artefact) []sim.Artefact {
				return append(all, made(driver.Backup, "b3", day+2*time.Minute))
			},
			want: Counts{Duplicates: 1},
		},
		"a restore nobody asked for": {
			change: func(all []sim.Artefact) []sim.Artefact {
				extra := made(driver.Restore, "r2", time.Hour)
				extra.Tags = nil
				return append(all, extra)
			}, want: Counts{Duplicates: 1},
		},
		"deleted too early": {
			change: func(all []sim.Artefact) []sim.Artefact { all[0] = deleted(all[0], day); return all }, want: Counts{WronglyDeleted: 1},
		},
		"the newest is deleted": {
			change: func(all []sim.Artefact) []sim.Artefact { all[3] = deleted(all[3], day+time.Hour); return all }, want: Counts{WronglyDeleted: 1},
		},
		"what is held is deleted": {
			change: func(all []sim.Artefact) []sim.Artefact { return all },
			held:   map[string]bool{markOf(sound()[0]).JobID: true}, want: Counts{WronglyDeleted: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := evidence{
				history: tc.change(sound()), expected: []sim.Expectation{{ResourceARN: volume, Plan: "production", Rule: "nightly"}},
				nights: nights, asked: []asked{{job: markOf(sound()[2]).JobID, point: "arn:b1", source: volume}}, held: tc.held, life: day, away: away,
			}.counts()
			if diff := cmp.Diff(tc.want, got.Counts, cmpopts.IgnoreUnexported(Counts{})); diff != "" {
				t.Errorf("(-want +got)\n%s\n%+v", diff, got.findings)
			}
		})
	}
}

func TestASeedReplaysItsScript(t *testing.T) {
	t.Parallel()
	names := func(seed uint64, night int) (list []string) {
		for _, s := range script(seed, night, 60, nil) {
			list = append(list, s.fault.name, s.after.String())
		}
		return list
	}
	if diff := cmp.Diff(names(7, 0), names(7, 0)); diff != "" {
		t.Errorf("the same seed gives another script:\n%s", diff)
	}
	if cmp.Equal(names(7, 0), names(7, 1)) || cmp.Equal(names(7, 0), names(9, 0)) {
		t.Error("two nights, or two seeds, have one script")
	}
	for seed := range uint64(2) {
		drawn := map[string]bool{}
		for _, name := range names(seed, 0) {
			drawn[name] = true
		}
		for _, f := range faults(seed) {
			if !drawn[f.name] {
				t.Errorf("seed %d: %s never happens in 60 faults", seed, f.name)
			}
		}
	}
}

func TestEveryRuleFiresInBothNights(t *testing.T) {
	t.Parallel()
	const generated = `
      - name: nightly
        schedule_expression: cron(30 2 * * ? *)
        start_window_minutes: 480
        lifecycle: {delete_after_days: 35}
`
	const want = `
      - name: nightly
        schedule_expression: cron(0 2 3-4 3 ? 2026)
        start_window_minutes: 1380
        completion_window_minutes: 10080
        lifecycle: {delete_after_days: 1}
`
	if diff := cmp.Diff(want, policyOf(generated)); diff != "" {
		t.Error(diff)
	}
}
