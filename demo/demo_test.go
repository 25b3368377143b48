package demo_test

import (
	"testing"

	"github.com/rs/zerolog"

	"holdfast/catalog"
	"holdfast/demo"
	"holdfast/driver"
)

// play runs a demo to its end and returns its summary.
func play(t *testing.T, opts demo.Options) demo.Summary {
	t.Helper()
	opts.Dir, opts.Progress = t.TempDir(), demo.Silent()
	opts.Log = zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.WarnLevel)
	var got demo.Summary
	opts.OnSummary = func(s demo.Summary) error { got = s; return nil }
	if err := demo.Run(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTwoNightsLoseNothing(t *testing.T) {
	t.Parallel()
	s := play(t, demo.Options{Accounts: 4, Regions: 2, Resources: 120, Seed: 3, Speed: 600})
	if s.LostJobs != 0 || s.Duplicates != 0 {
		t.Errorf("lost %d, duplicates %d", s.LostJobs, s.Duplicates)
	}
	if what := s.Attention(); what != "" {
		t.Errorf("needs attention: %s", what)
	}
	for _, op := range []driver.Operation{driver.Backup, driver.Copy, driver.Expire} {
		if s.Jobs[op][catalog.Completed] == 0 {
			t.Errorf("no %s completed: %v", op, s.Jobs)
		}
	}
	if restored := s.Jobs[driver.Restore][catalog.Completed]; restored != len(s.Kinds) {
		t.Errorf("%d restores completed, want one of each of %v", restored, s.Kinds)
	}
	for _, call := range []string{"ec2:CreateSnapshot", "ec2:CopySnapshot", "rds:CreateDBSnapshot", "dynamodb:CreateBackup", "dynamodb:DeleteBackup"} {
		if s.AWSCalls[call] == 0 {
			t.Errorf("no %s was made: %v", call, s.AWSCalls)
		}
	}
}
