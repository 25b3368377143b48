package storagegateway_test

import (
	"path/filepath"
	"testing"
	"time"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	holdfast "holdfast/driver/storagegateway"
	"holdfast/failure"
	"holdfast/internal/golden"
	"holdfast/resource"
)

const kept = "daily/arn:aws:ec2:eu-central-1::snapshot/snap-1"

func TestPlanRestoreByAWSBackup(t *testing.T) {
	t.Parallel()
	d := holdfast.NewAWSBackup(nil, awsbackup.Options{})
	for name, req := range map[string]driver.RestoreRequest{
		"cached": restoreRequest(t, recordedCached(), nil),
		"stored": restoreRequest(t, recordedStored(), map[string]string{"disk_id": disk(3)}),
		"ebs":    restoreRequest(t, recordedCached(), map[string]string{"restore_as": "ebs-volume", "availability_zone": "eu-central-1a", "size_gib": "600"}),
	} {
		req.Point.Ref = kept
		plan, err := d.PlanRestore(req)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		golden.JSON(t, filepath.Join("testdata", "restore-plan-by-aws-backup-"+name+".json"), plan)
	}
}

// A job for a stored volume whose gateway is away would fail: it waits instead.
func TestByAWSBackupAGatewayThatIsAwayIsBusy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cached, stored := w.cached(t), w.stored(t)
	known, err := w.discover(t)
	if err != nil {
		t.Fatal(err)
	}
	d := holdfast.NewAWSBackup(w.Provider(), awsbackup.Options{})
	start := func(job string, r resource.Resource) (driver.Ref, error) {
		return d.Start(t.Context(), driver.StartRequest{Scope: scope, Mark: mark(job, r.ARN), Resource: r})
	}
	if _, err := start("J1", known[stored]); err != nil {
		t.Fatalf("while the gateway answers: %v", err)
	}
	w.shutdown(t, cached)
	w.shutdown(t, stored)
	if _, err := start("J2", known[stored]); !failure.Is(err, failure.Busy) {
		t.Errorf("a stored volume: %v, want class busy", err)
	}
	ref, err := start("J3", known[cached])
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(24 * time.Hour)
	seen, err := d.Look(t.Context(), driver.LookRequest{Scope: scope, Operation: driver.Backup, Refs: []driver.Ref{ref}})
	if err != nil || seen[ref].State != driver.Succeeded {
		t.Errorf("a cached volume is %+v, %v: want it backed up as far as it is in AWS", seen[ref], err)
	}
}

// What becomes a volume of EC2 is a restore job of another type, seen all the same.
func TestByAWSBackupAVolumeBecomesOneOfEC2(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arn := w.cached(t)
	known, err := w.discover(t)
	if err != nil {
		t.Fatal(err)
	}
	d := holdfast.NewAWSBackup(w.Provider(), awsbackup.Options{})
	ended := func(op driver.Operation, ref driver.Ref, err error) driver.Status {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(24 * time.Hour)
		seen, err := d.Look(t.Context(), driver.LookRequest{Scope: scope, Operation: op, Refs: []driver.Ref{ref}})
		if err != nil || seen[ref].State != driver.Succeeded {
			t.Fatalf("the %s is %+v, %v", op, seen[ref], err)
		}
		return seen[ref]
	}
	ref, err := d.Start(t.Context(), driver.StartRequest{Scope: scope, Mark: mark("J1", arn), Resource: known[arn]})
	req := driver.RestoreRequest{
		Scope: scope, Mark: mark("J2", arn), Point: ended(driver.Backup, ref, err).Point, Resource: known[arn],
		Overrides: map[string]string{"restore_as": "ebs-volume", "availability_zone": "eu-central-1a"},
	}
	ref, err = d.Restore(t.Context(), req)
	ended(driver.Restore, ref, err)
	if err := d.FinishRestore(t.Context(), req, ref); err != nil {
		t.Fatal(err)
	}
	for _, a := range w.Artefacts() {
		if a.Operation == driver.Restore && a.Tags[driver.TagJob] != "J2" {
			t.Errorf("the volume has tags %v", a.Tags)
		}
	}
}
