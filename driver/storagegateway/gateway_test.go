package storagegateway_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/google/go-cmp/cmp"

	"holdfast/driver"
	"holdfast/driver/ebs"
	holdfast "holdfast/driver/storagegateway"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

var scope = resource.Scope{Partition: "aws", Account: "111111111111", Region: "eu-central-1"}

// world is an organization with a cached and a stored volume on a gateway each.
type world struct {
	*sim.Organization
	clock  *clock.Manual
	client *storagegateway.Client
	d      *holdfast.Driver
}

func newWorld(t *testing.T) *world {
	t.Helper()
	c := clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	org, err := sim.New(sim.Options{Clock: c, Unthrottled: true, RetryBackoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Organization: org, clock: c, d: holdfast.New(org.Provider())}
	w.client = storagegateway.NewFromConfig(w.config(t))
	return w
}

func (w *world) config(t *testing.T) aws.Config {
	t.Helper()
	cfg, err := w.Provider().Config(t.Context(), awssession.Request{Scope: scope, Purpose: resource.ForBackup})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func (w *world) cached(t *testing.T) string {
	t.Helper()
	arn, err := w.Create(sim.Blueprint{Kind: resource.StorageGateway, Account: scope.Account, Region: scope.Region, Tags: map[string]string{"env": "prod"}})
	if err != nil {
		t.Fatal(err)
	}
	return arn
}

func disk(n int) string { return fmt.Sprintf("pci-0000:03:00.0-scsi-0:0:%d:0", n) }

func (w *world) stored(t *testing.T) string {
	t.Helper()
	g, err := w.client.ActivateGateway(t.Context(), &storagegateway.ActivateGatewayInput{
		ActivationKey: aws.String("key"), GatewayName: aws.String("plant"), GatewayRegion: aws.String(scope.Region),
		GatewayTimezone: aws.String("GMT"), GatewayType: aws.String("STORED"),
	})
	if err != nil {
		t.Fatal(err)
	}
	v, err := w.client.CreateStorediSCSIVolume(t.Context(), &storagegateway.CreateStorediSCSIVolumeInput{
		GatewayARN: g.GatewayARN, DiskId: aws.String(disk(0)), NetworkInterfaceId: aws.String("10.0.3.4"),
		TargetName: aws.String("plant"), PreserveExistingData: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return *v.VolumeARN
}

func (w *world) shutdown(t *testing.T, volume string) {
	t.Helper()
	gateway, _, _ := strings.Cut(volume, "/volume/")
	if _, err := w.client.ShutdownGateway(t.Context(), &storagegateway.ShutdownGatewayInput{GatewayARN: &gateway}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) discover(t *testing.T) (map[string]resource.Resource, error) {
	t.Helper()
	found := map[string]resource.Resource{}
	err := w.d.Discover(t.Context(), scope, func(r resource.Resource) error {
		found[r.ARN] = r
		return nil
	})
	return found, err
}

func mark(job, source string) driver.Mark {
	return driver.Mark{Installation: "prod", JobID: job, SourceARN: source, CreatedAt: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
}

func (w *world) backup(t *testing.T, r resource.Resource, job string) driver.Point {
	t.Helper()
	ref, err := w.d.Start(t.Context(), driver.StartRequest{Scope: scope, Mark: mark(job, r.ARN), Resource: r})
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	w.clock.Advance(time.Hour)
	seen, err := w.d.Look(t.Context(), driver.LookRequest{Scope: scope, Operation: driver.Backup, Refs: []driver.Ref{ref}})
	if err != nil || seen[ref].State != driver.Succeeded {
		t.Fatalf("backup is %+v, %v", seen, err)
	}
	return seen[ref].Point
}

// A gateway that is away is waited for; what a cached volume has sent to AWS is backed up.
func TestAGatewayThatIsAwayIsBusy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cached, stored := w.cached(t), w.stored(t)
	known, err := w.discover(t)
	if err != nil || len(known) != 2 {
		t.Fatal(known, err)
	}
	w.shutdown(t, cached)
	w.shutdown(t, stored)
	for _, r := range []resource.Resource{known[stored], {ARN: stored}} {
		_, err := w.d.Start(t.Context(), driver.StartRequest{Scope: scope, Mark: mark("J1", stored), Resource: r})
		if !failure.Is(err, failure.Busy) || !strings.Contains(err.Error(), "GatewayNotConnected") {
			t.Errorf("a stored volume: %v, want class busy", err)
		}
	}
	for n, r := range []resource.Resource{known[cached], {ARN: cached}} {
		w.backup(t, r, fmt.Sprint("J2", n))
	}
	if n := w.Calls()["storagegateway:CreateSnapshotFromVolumeRecoveryPoint"]; n != 3 {
		t.Errorf("%d snapshots of recovery points were asked for, want two, and one of a volume whose type is not known", n)
	}
}

// Volumes of a gateway that is away stay as they were recorded, the others are listed.
func TestDiscoverWithAGatewayAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cached, stored := w.cached(t), w.stored(t)
	w.shutdown(t, cached)
	found, err := w.discover(t)
	if !failure.Is(err, failure.Busy) || !strings.Contains(err.Error(), "sgw-") || !strings.Contains(err.Error(), "office") {
		t.Errorf("the listing ends with %v, want class busy and the gateway's name", err)
	}
	if _, ok := found[stored]; !ok || len(found) != 1 {
		t.Errorf("listed %v, want %s", found, stored)
	}
}

func TestDiscoverRecordsWhatARestoreNeeds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stored := w.stored(t)
	arn, err := w.Create(sim.Blueprint{Kind: resource.StorageGateway, Account: scope.Account, Region: scope.Region, Odd: true})
	if err != nil {
		t.Fatal(err)
	}
	found, err := w.discover(t)
	if err != nil {
		t.Fatal(err)
	}
	gateway, _, _ := strings.Cut(stored, "/volume/")
	want := fmt.Sprintf(`{"type":"STORED","gateway_arn":"%s","target_name":"plant","network_interface":"10.0.3.4","port":3260,"size_bytes":1099511627776,"disk_id":"%s"}`, gateway, disk(0))
	if diff := cmp.Diff(want, string(found[stored].Settings)); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if !strings.Contains(found[arn].Unsupported, "irrecoverable") || found[stored].Unsupported != "" {
		t.Errorf("unsupported: %q and %q", found[arn].Unsupported, found[stored].Unsupported)
	}
}

// A stored volume goes to a free disk; its name finds it where no token does.
func TestRestoreToAStoredVolume(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stored := w.stored(t)
	known, err := w.discover(t)
	if err != nil {
		t.Fatal(err)
	}
	req := driver.RestoreRequest{Scope: scope, Mark: mark("R1", stored), Resource: known[stored], Point: w.backup(t, known[stored], "J1")}
	if _, err := w.d.Restore(t.Context(), req); !failure.Is(err, failure.Invalid) || !strings.Contains(err.Error(), "DiskAlreadyAllocated") {
		t.Errorf("onto the source's own disk: %v", err)
	}
	req.Overrides = map[string]string{"disk_id": disk(1)}
	ref, err := w.d.Restore(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.d.Restore(t.Context(), req)
	if err != nil || again != ref {
		t.Errorf("again gave %q, %v, want %q", again, err, ref)
	}
	found, err := w.d.Find(t.Context(), driver.FindRequest{Scope: scope, Operation: driver.Restore, Mark: req.Mark})
	if err != nil || found != ref {
		t.Errorf("find gave %q, %v, want %q", found, err, ref)
	}
	other := req
	other.Mark, other.Overrides = mark("R2", stored), map[string]string{"disk_id": disk(2), "target_name": "plant"}
	if _, err := w.d.Restore(t.Context(), other); !failure.Is(err, failure.Conflict) {
		t.Errorf("a target that somebody else has: %v, want class conflict", err)
	}
	look := driver.LookRequest{Scope: scope, Operation: driver.Restore, Refs: []driver.Ref{ref}}
	if seen, err := w.d.Look(t.Context(), look); err != nil || seen[ref].State != driver.Pending || seen[ref].Progress < 0 {
		t.Errorf("at first it is %+v, %v", seen, err)
	}
	w.clock.Advance(time.Hour)
	if seen, err := w.d.Look(t.Context(), look); err != nil || seen[ref].State != driver.Succeeded {
		t.Errorf("in the end it is %+v, %v", seen, err)
	}
	w.shutdown(t, stored)
	if seen, err := w.d.Look(t.Context(), look); err != nil || len(seen) != 0 {
		t.Errorf("while its gateway is away it is %+v, %v, want not observed", seen, err)
	}
}

func TestRestoreToAnEBSVolume(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cached := w.cached(t)
	known, err := w.discover(t)
	if err != nil {
		t.Fatal(err)
	}
	req := driver.RestoreRequest{
		Scope: scope, Mark: mark("R1", cached), Resource: known[cached], Point: w.backup(t, known[cached], "J1"),
		Overrides: map[string]string{"restore_as": "ebs-volume", "availability_zone": scope.Region + "a"},
	}
	ref, err := w.d.Restore(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Hour)
	seen, err := w.d.Look(t.Context(), driver.LookRequest{Scope: scope, Operation: driver.Restore, Refs: []driver.Ref{ref}})
	if err != nil || seen[ref].State != driver.Succeeded {
		t.Errorf("it is %+v, %v", seen, err)
	}
	if found, err := w.d.Find(t.Context(), driver.FindRequest{Scope: scope, Operation: driver.Restore, Mark: req.Mark}); err != nil || found != ref {
		t.Errorf("find gave %q, %v, want %q", found, err, ref)
	}
	out, err := ec2.NewFromConfig(w.config(t)).DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{VolumeIds: []string{string(ref)}})
	if err != nil || out.Volumes[0].VolumeType != "gp3" || *out.Volumes[0].Size != 100 {
		t.Errorf("it is %+v, %v, want 100 GiB of gp3", out, err)
	}
}

// Both kinds are backed up with EBS snapshots; each lists its own.
func TestAGatewaysSnapshotsAreNotAVolumes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	volume, err := w.Create(sim.Blueprint{Kind: resource.EBS, Account: scope.Account, Region: scope.Region})
	if err != nil {
		t.Fatal(err)
	}
	cached := w.cached(t)
	known, err := w.discover(t)
	if err != nil {
		t.Fatal(err)
	}
	w.backup(t, known[cached], "gateway")
	volumes := ebs.New(w.Provider())
	if _, err := volumes.Start(t.Context(), driver.StartRequest{Scope: scope, Mark: mark("volume", volume), Resource: resource.Resource{ARN: volume}}); err != nil {
		t.Fatal(err)
	}
	for job, d := range map[string]driver.Driver{"gateway": w.d, "volume": volumes} {
		var jobs []string
		err := d.List(t.Context(), scope, func(a driver.Artefact) error {
			jobs = append(jobs, a.Mark.JobID)
			return nil
		})
		if diff := cmp.Diff([]string{job}, jobs); diff != "" || err != nil {
			t.Errorf("%s lists %v, %v", job, jobs, err)
		}
	}
}
