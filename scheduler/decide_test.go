package scheduler

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/policy"
	"holdfast/resource"
)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func nightly(t *testing.T) policy.Rule {
	t.Helper()
	schedule, _, err := policy.ParseSchedule("cron(0 2 * * ? *)", "Etc/UTC")
	if err != nil {
		t.Fatal(err)
	}
	return policy.Rule{Name: "nightly", Schedule: schedule, StartWindow: 8 * time.Hour}
}

func TestDueFires(t *testing.T) {
	t.Parallel()
	rule := nightly(t)
	seen := catalog.RuleState{FirstSeenAt: at("2026-05-01T12:00:00Z")}
	for name, test := range map[string]struct {
		state  catalog.RuleState
		now    string
		due    string
		missed []string
	}{
		"nothing before the rule was seen":       {seen, "2026-05-01T23:00:00Z", "", nil},
		"on the minute":                          {seen, "2026-05-02T02:00:00Z", "2026-05-02T02:00:00Z", nil},
		"inside the start window":                {seen, "2026-05-02T09:59:00Z", "2026-05-02T02:00:00Z", nil},
		"after the start window":                 {seen, "2026-05-02T10:00:00Z", "", []string{"2026-05-02T02:00:00Z"}},
		"only the newest is caught up":           {seen, "2026-05-04T03:00:00Z", "2026-05-04T02:00:00Z", []string{"2026-05-02T02:00:00Z", "2026-05-03T02:00:00Z"}},
		"what was planned is not planned again":  {catalog.RuleState{FirstSeenAt: seen.FirstSeenAt, LastFireAt: at("2026-05-02T02:00:00Z")}, "2026-05-02T05:00:00Z", "", nil},
		"all missed when the newest is too late": {seen, "2026-05-03T20:00:00Z", "", []string{"2026-05-02T02:00:00Z", "2026-05-03T02:00:00Z"}},
	} {
		due, missed := dueFires(rule, test.state, at(test.now))
		gotDue := ""
		if !due.IsZero() {
			gotDue = due.Format(time.RFC3339)
		}
		var gotMissed []string
		for _, m := range missed {
			gotMissed = append(gotMissed, m.Format(time.RFC3339))
		}
		if gotDue != test.due {
			t.Errorf("%s: due %q, want %q", name, gotDue, test.due)
		}
		if diff := cmp.Diff(test.missed, gotMissed); diff != "" {
			t.Errorf("%s: missed (-want +got):\n%s", name, diff)
		}
	}
}

func TestDueFiresKeepsTheNewestOfManyMissed(t *testing.T) {
	t.Parallel()
	state := catalog.RuleState{FirstSeenAt: at("2025-01-01T00:00:00Z")}
	due, missed := dueFires(nightly(t), state, at("2026-01-01T03:00:00Z"))
	if due != at("2026-01-01T02:00:00Z") || len(missed) != maxMissedFires {
		t.Errorf("due %s with %d missed, want 2026-01-01T02:00:00Z with %d", due, len(missed), maxMissedFires)
	}
}

func TestBackupSpecFillsAccountsAndLeavesOutCopiesToItself(t *testing.T) {
	t.Parallel()
	rule := policy.Rule{Vault: "default", Priority: 2, Lifecycle: policy.Lifecycle{DeleteAfterDays: 35}, CopyActions: []policy.CopyAction{
		{Region: "eu-west-1", Account: "$account", Vault: "dr", Lifecycle: policy.Lifecycle{DeleteAfterDays: 90}, KMSKeyARN: "arn:aws:kms:eu-west-1:$account:key/k"},
		{Region: "eu-central-1", Account: "$account", Vault: "same"},
	}}
	got := BackupSpec(rule, resource.Resource{Account: "111122223333", Region: "eu-central-1"}, driver.Descriptor{})
	want := catalog.Spec{Vault: "default", DeleteAfter: 35, Priority: 2, Copies: []catalog.CopySpec{
		{Account: "111122223333", Region: "eu-west-1", Vault: "dr", DeleteAfter: 90, KMSKeyID: "arn:aws:kms:eu-west-1:111122223333:key/k"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyWhatCanBeColdIsAskedTo(t *testing.T) {
	t.Parallel()
	plain := policy.Lifecycle{MoveToColdStorageAfterDays: 30}
	optIn := policy.Lifecycle{MoveToColdStorageAfterDays: 30, OptInToArchive: true}
	for name, test := range map[string]struct {
		lifecycle policy.Lifecycle
		facts     driver.Descriptor
		want      int
	}{
		"no cold storage":       {plain, driver.Descriptor{}, 0},
		"cold storage":          {plain, driver.Descriptor{ColdStorage: true}, 30},
		"archive, no opt-in":    {plain, driver.Descriptor{ColdStorage: true, Archive: true}, 0},
		"archive, and opted in": {optIn, driver.Descriptor{ColdStorage: true, Archive: true}, 30},
	} {
		rule := policy.Rule{Lifecycle: test.lifecycle, CopyActions: []policy.CopyAction{{Region: "eu-west-1", Lifecycle: test.lifecycle}}}
		got := BackupSpec(rule, resource.Resource{Region: "eu-central-1"}, test.facts)
		if got.ColdAfter != test.want || got.Copies[0].ColdAfter != test.want {
			t.Errorf("%s: %d days, of the copy %d, want %d", name, got.ColdAfter, got.Copies[0].ColdAfter, test.want)
		}
	}
}

func TestDecideHolder(t *testing.T) {
	t.Parallel()
	now := at("2026-05-05T12:00:00Z")
	old, fresh := now.Add(-2*time.Minute), now.Add(-5*time.Second)
	for name, test := range map[string]struct {
		holder admission.Holder
		job    catalog.Job
		known  bool
		want   holderDecision
	}{
		"running":                         {admission.Holder{Since: old, Entered: true}, catalog.Job{State: catalog.Running, Ref: "snap-1"}, true, holderFine},
		"in its start call":               {admission.Holder{Since: old, Entered: true}, catalog.Job{State: catalog.Created, IntentOwner: "w"}, true, holderFine},
		"granted, waiting for a worker":   {admission.Holder{Since: old}, catalog.Job{State: catalog.Created}, true, holderFine},
		"entered a moment ago":            {admission.Holder{Since: fresh, Entered: true}, catalog.Job{State: catalog.Created}, true, holderFine},
		"entered, and the worker died":    {admission.Holder{Since: old, Entered: true}, catalog.Job{State: catalog.Created}, true, holderLost},
		"put off, its time to come":       {admission.Holder{Since: old, Entered: true}, catalog.Job{State: catalog.Created, RetryAt: now.Add(time.Minute)}, true, holderFine},
		"put off, a little late":          {admission.Holder{Since: old, Entered: true}, catalog.Job{State: catalog.Created, RetryAt: now.Add(-40 * time.Second)}, true, holderFine},
		"put off, and its task is lost":   {admission.Holder{Since: old, Entered: true}, catalog.Job{State: catalog.Created, RetryAt: now.Add(-50 * time.Second)}, true, holderLost},
		"put off once, running now":       {admission.Holder{Since: old, Entered: true}, catalog.Job{State: catalog.Running, Ref: "snap-1", RetryAt: old}, true, holderFine},
		"ended a moment ago":              {admission.Holder{Since: old}, catalog.Job{State: catalog.Completed, EndedAt: fresh}, true, holderFine},
		"ended and never released":        {admission.Holder{Since: old}, catalog.Job{State: catalog.Completed, EndedAt: old}, true, holderEnded},
		"unknown to the catalog":          {admission.Holder{Since: old}, catalog.Job{}, false, holderEnded},
		"unknown, but submitted just now": {admission.Holder{Since: fresh}, catalog.Job{}, false, holderFine},
	} {
		if got := decideHolder(test.holder, test.job, test.known, now, now, 45*time.Second); got != test.want {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
	}
}
