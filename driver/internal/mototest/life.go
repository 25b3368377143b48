package mototest

import (
	"testing"
	"time"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/resource"
)

// started is before everything a test makes.
var started = clock.System().Now().Add(-time.Minute).Truncate(time.Second)

// Backup starts a backup of r, and checks that Look, Find and List all see it, whole and
// marked, and that nobody else does.
func Backup(t *testing.T, d driver.Driver, r resource.Resource, job string) driver.Point {
	t.Helper()
	scope := resource.Scope{Partition: "aws", Account: r.Account, Region: r.Region}
	mark := Mark(job, r)
	find := driver.FindRequest{Scope: scope, Operation: driver.Backup, Mark: mark, Since: started}
	if ref, err := d.Find(t.Context(), find); !failure.Is(err, failure.NotFound) {
		t.Errorf("find before the backup = %q, %v, want class not_found", ref, err)
	}
	ref, err := d.Start(t.Context(), driver.StartRequest{
		Scope: scope, Mark: mark, Resource: r, Tags: map[string]string{"cost-centre": "backup"},
	})
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	checkFound(t, d, find, ref)
	return checkPoint(t, d, scope, driver.Backup, mark, ref)
}

// Copy copies point to Away and checks the copy as Backup checks a backup.
func Copy(t *testing.T, d driver.Driver, r resource.Resource, point driver.Point, key, job string) driver.Point {
	t.Helper()
	mark := Mark(job, r)
	ref, err := d.(driver.Copier).Copy(t.Context(), driver.CopyRequest{
		Scope: Away, Mark: mark, Source: point, SourceScope: Home, KMSKeyID: key,
	})
	if err != nil {
		t.Fatalf("copy: %v", err)
	}
	checkFound(t, d, driver.FindRequest{Scope: Away, Operation: driver.Copy, Mark: mark, Since: started}, ref)
	return checkPoint(t, d, Away, driver.Copy, mark, ref)
}

// Restore restores point of r in Home until it is finished and returns the new resource
// as Discover then shows it.
func Restore(t *testing.T, d driver.Driver, r resource.Resource, point driver.Point, overrides map[string]string, job string) resource.Resource {
	t.Helper()
	return restore(t, d, driver.RestoreRequest{Scope: Home, Mark: Mark(job, r), Point: point, Resource: r, Overrides: overrides})
}

// RestoreMoment restores r as it was at an instant, as Restore restores a point.
func RestoreMoment(t *testing.T, d driver.Driver, r resource.Resource, at time.Time, job string) resource.Resource {
	t.Helper()
	req := driver.RestoreRequest{Scope: Home, Mark: Mark(job, r), Resource: r, At: at}
	req.Mark.CreatedAt = at
	return restore(t, d, req)
}

func restore(t *testing.T, d driver.Driver, req driver.RestoreRequest) resource.Resource {
	t.Helper()
	restorer := d.(driver.Restorer)
	plan, err := restorer.PlanRestore(req)
	if err != nil || len(plan.Calls) == 0 {
		t.Fatalf("plan of a restore = %+v, %v", plan, err)
	}
	ref, err := restorer.Restore(t.Context(), req)
	if err != nil {
		t.Fatalf("restore: %v", err)
	}
	if status := Look(t, d, Home, driver.Restore, ref); status.State != driver.Succeeded {
		t.Fatalf("restore is %+v, want succeeded", status)
	}
	testUntilFinished(t, restorer, req, ref)
	checkFound(t, d, driver.FindRequest{Scope: Home, Operation: driver.Restore, Mark: req.Mark, Since: started}, ref)
	for _, found := range Discover(t, d, Home) {
		if found.Name == string(ref) {
			return found
		}
	}
	t.Fatalf("restored %q is not discovered", ref)
	return resource.Resource{}
}

// testUntilFinished calls FinishRestore until it is not busy, and once more: it must be
// idempotent.
func testUntilFinished(t *testing.T, restorer driver.Restorer, req driver.RestoreRequest, ref driver.Ref) {
	t.Helper()
	for range 10 {
		err := restorer.FinishRestore(t.Context(), req, ref)
		if failure.Is(err, failure.Busy) {
			continue
		}
		if err != nil {
			t.Fatalf("finish the restore: %v", err)
		}
		if err := restorer.FinishRestore(t.Context(), req, ref); err != nil {
			t.Errorf("finish the restore again: %v", err)
		}
		return
	}
	t.Fatal("finish the restore: still busy after 10 rounds")
}

// Expire deletes point: not for another installation, and twice for its own.
func Expire(t *testing.T, d driver.Driver, scope resource.Scope, point driver.Point) {
	t.Helper()
	req := driver.DeleteRequest{Scope: scope, Installation: "stranger", Ref: point.Ref}
	if err := d.Delete(t.Context(), req); !failure.Is(err, failure.Held) {
		t.Errorf("delete for another installation = %v, want class held", err)
	}
	req.Installation = "mototest"
	for range 2 {
		if err := d.Delete(t.Context(), req); err != nil {
			t.Fatalf("delete: %v", err)
		}
	}
	if status := Look(t, d, scope, driver.Expire, point.Ref); status.State != driver.Gone {
		t.Errorf("deleted point is %+v, want gone", status)
	}
	for _, a := range Artefacts(t, d, scope) {
		if a.Point.Ref == point.Ref && a.State != driver.Gone {
			t.Errorf("deleted point is still listed: %+v", a)
		}
	}
}

func checkFound(t *testing.T, d driver.Driver, req driver.FindRequest, want driver.Ref) {
	t.Helper()
	if ref, err := d.Find(t.Context(), req); err != nil || ref != want {
		t.Errorf("find %s = %q, %v, want %q", req.Operation, ref, err, want)
	}
}

// checkPoint wants ref completed, and listed once with its mark.
func checkPoint(t *testing.T, d driver.Driver, scope resource.Scope, op driver.Operation, mark driver.Mark, ref driver.Ref) driver.Point {
	t.Helper()
	status := Look(t, d, scope, op, ref)
	if status.State != driver.Succeeded || status.Point.Ref != ref || status.Point.ARN == "" || status.Point.CreatedAt.Before(started) {
		t.Fatalf("%s is %+v, want a completed point", op, status)
	}
	listed := 0
	for _, a := range Artefacts(t, d, scope) {
		if a.Point.Ref == ref {
			listed++
			if a.Mark.JobID != mark.JobID || a.Mark.Installation != mark.Installation || a.Mark.SourceARN != mark.SourceARN {
				t.Errorf("listed with mark %+v, want %+v", a.Mark, mark)
			}
		}
	}
	if listed != 1 {
		t.Errorf("%s is listed %d times, want once", ref, listed)
	}
	return status.Point
}

// Lend tries to copy a point into the other account. moto looks for the source of a copy in
// the caller's account only, so the copy ends where the other account should see it: then
// the source must be shared with that account, and with nobody once the copy is finished.
func Lend(t *testing.T, d driver.Driver, source resource.Resource, point driver.Point, shared func() []string) {
	t.Helper()
	req := driver.CopyRequest{
		Scope: Other, Mark: Mark("copy", source), Source: point, SourceScope: Home, Resource: source,
	}
	if ref, err := d.(driver.Copier).Copy(t.Context(), req); !failure.Is(err, failure.Busy) {
		t.Errorf("copy = %q, %v, want class busy: shared and not visible", ref, err)
	}
	if got := shared(); len(got) != 1 || got[0] != Other.Account {
		t.Errorf("%s is shared with %v, want %s", point.Ref, got, Other.Account)
	}
	for range 2 {
		if err := d.(driver.CopyFinisher).FinishCopy(t.Context(), req); err != nil {
			t.Fatalf("finish: %v", err)
		}
	}
	if got := shared(); len(got) != 0 {
		t.Errorf("after the copy %s is shared with %v", point.Ref, got)
	}
}
