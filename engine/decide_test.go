package engine

import (
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
)

var noon = time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)

func TestDecideStart(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		job  catalog.Job
		want startDecision
	}{
		"waiting":              {catalog.Job{State: catalog.Created}, startBegin},
		"inside its window":    {catalog.Job{State: catalog.Created, StartBy: noon.Add(time.Minute)}, startBegin},
		"past its window":      {catalog.Job{State: catalog.Created, StartBy: noon.Add(-time.Minute)}, startExpire},
		"cancelled":            {catalog.Job{State: catalog.Created, CancelRequested: true}, startAbort},
		"cancelled and late":   {catalog.Job{State: catalog.Created, CancelRequested: true, StartBy: noon.Add(-time.Minute)}, startAbort},
		"somebody's intent":    {catalog.Job{State: catalog.Created, IntentOwner: "other"}, startLeave},
		"already has a ref":    {catalog.Job{State: catalog.Running, Ref: "snap-1"}, startLeave},
		"aborting":             {catalog.Job{State: catalog.Aborting}, startLeave},
		"ended":                {catalog.Job{State: catalog.Completed}, startRelease},
		"ended with an intent": {catalog.Job{State: catalog.Expired, IntentOwner: "other"}, startRelease},
	} {
		if got := decideStart(test.job, noon); got != test.want {
			t.Errorf("%s: got decision %d, want %d", name, got, test.want)
		}
	}
}

func TestDecideLook(t *testing.T) {
	t.Parallel()
	backup := catalog.Job{Type: driver.Backup, State: catalog.Running}
	expiry := catalog.Job{Type: driver.Expire, State: catalog.Running}
	aborting := catalog.Job{Type: driver.Backup, State: catalog.Aborting, Class: failure.Window, Message: "late"}
	for name, test := range map[string]struct {
		job    catalog.Job
		status driver.Status
		seen   bool
		want   catalog.State
		class  failure.Class
	}{
		"not observed never ends a job":    {backup, driver.Status{State: driver.Failed}, false, catalog.Running, ""},
		"not observed while aborting":      {aborting, driver.Status{}, false, catalog.Aborting, ""},
		"pending":                          {backup, driver.Status{State: driver.Pending}, true, catalog.Running, ""},
		"succeeded":                        {backup, driver.Status{State: driver.Succeeded}, true, catalog.Completed, ""},
		"failed with a reason":             {backup, driver.Status{State: driver.Failed, Message: "Given key ID is not accessible"}, true, catalog.Failed, failure.KMS},
		"failed without a reason":          {backup, driver.Status{State: driver.Failed}, true, catalog.Failed, failure.Transient},
		"vanished":                         {backup, driver.Status{State: driver.Gone}, true, catalog.Failed, failure.NotFound},
		"late but good":                    {aborting, driver.Status{State: driver.Succeeded}, true, catalog.Completed, ""},
		"aborted by failing":               {aborting, driver.Status{State: driver.Failed}, true, catalog.Aborted, failure.Window},
		"aborted by vanishing":             {aborting, driver.Status{State: driver.Gone}, true, catalog.Aborted, failure.Window},
		"deletion still shows the point":   {expiry, driver.Status{State: driver.Succeeded}, true, catalog.Running, ""},
		"deletion done":                    {expiry, driver.Status{State: driver.Gone}, true, catalog.Completed, ""},
		"a status AWS invented since then": {backup, driver.Status{State: "hibernating"}, true, catalog.Running, ""},
	} {
		got := decideLook(test.job, test.status, test.seen)
		if got.to != test.want || got.class != test.class {
			t.Errorf("%s: got %s/%q, want %s/%q", name, got.to, got.class, test.want, test.class)
		}
		if got.to == catalog.Failed && got.message == "" {
			t.Errorf("%s: a failure without a message", name)
		}
	}
}

func TestNextLookIsATenthOfTheTime(t *testing.T) {
	t.Parallel()
	for elapsed, want := range map[time.Duration]time.Duration{
		0: 10 * time.Second, time.Minute: 10 * time.Second, 5 * time.Minute: 30 * time.Second, time.Hour: time.Minute,
	} {
		job := catalog.Job{StartedAt: noon.Add(-elapsed)}
		if got := nextLook(job, noon).Sub(noon); got != want {
			t.Errorf("after %s: next look in %s, want %s", elapsed, got, want)
		}
	}
}

func TestEveryClassHasOneFate(t *testing.T) {
	t.Parallel()
	for _, class := range failure.Classes() {
		if final(class) && ambiguous(class) {
			t.Errorf("%s both ends the job and asks for a look-up", class)
		}
	}
	if !final(failure.KMS) || final(failure.Throttled) || final("") {
		t.Error("kms must end a job, throttled must not, and neither must success")
	}
	if endStateOf(failure.Held) != catalog.Aborted || endStateOf(failure.Invalid) != catalog.Failed {
		t.Error("a guard aborts, everything else fails")
	}
}
