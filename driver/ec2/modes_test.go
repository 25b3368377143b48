package ec2_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/ec2"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

// modes is an instance in a simulated organization with an image of it.
type modes struct {
	*testing.T
	clock *clock.Manual
	org   *sim.Organization
	d     *ec2.Driver
	at    resource.Scope
	of    resource.Resource
	point driver.Point
}

func newModes(t *testing.T) *modes {
	t.Helper()
	m := &modes{T: t, clock: clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)), at: resource.Scope{Partition: "aws", Account: "111111111111", Region: "eu-west-1"}}
	var err error
	if m.org, err = sim.New(sim.Options{Clock: m.clock, Unthrottled: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.org.Create(sim.Blueprint{Kind: resource.EC2, Account: m.at.Account, Region: m.at.Region, SizeGiB: 30}); err != nil {
		t.Fatal(err)
	}
	m.d = ec2.New(m.org.Provider())
	if err := m.d.Discover(t.Context(), m.at, func(r resource.Resource) error { m.of = r; return nil }); err != nil {
		t.Fatal(err)
	}
	ref, err := m.d.Start(t.Context(), driver.StartRequest{Scope: m.at, Resource: m.of, Mark: m.mark("backup")})
	if err != nil {
		t.Fatal(err)
	}
	m.point = m.ended(driver.Backup, ref).Point
	return m
}

func (m *modes) mark(job string) driver.Mark {
	return driver.Mark{Installation: "lab", JobID: job, SourceARN: m.of.ARN, CreatedAt: m.clock.Now()}
}

func (m *modes) ended(op driver.Operation, ref driver.Ref) driver.Status {
	m.Helper()
	m.clock.Advance(24 * time.Hour)
	seen, err := m.d.Look(m.Context(), driver.LookRequest{Scope: m.at, Operation: op, Refs: []driver.Ref{ref}})
	if err != nil {
		m.Fatal(err)
	}
	return seen[ref]
}

func (m *modes) request(job string, overrides map[string]string) driver.RestoreRequest {
	return driver.RestoreRequest{Scope: m.at, Mark: m.mark(job), Point: m.point, Resource: m.of, Overrides: overrides}
}

// restored restores twice, as after a crash, finds what was made, and returns it when it is there.
func (m *modes) restored(job string, overrides map[string]string) (driver.Ref, driver.Status) {
	m.Helper()
	req := m.request(job, overrides)
	ref, err := m.d.Restore(m.Context(), req)
	if err != nil {
		m.Fatal(err)
	}
	if again, err := m.d.Restore(m.Context(), req); err != nil || again != ref {
		m.Errorf("the second call made %s, %v; the first %s", again, err, ref)
	}
	status := m.ended(driver.Restore, ref)
	found, err := m.d.Find(m.Context(), driver.FindRequest{Scope: m.at, Operation: driver.Restore, Mark: req.Mark})
	if err != nil || found != ref {
		m.Errorf("found %q, %v; want %s", found, err, ref)
	}
	return ref, status
}

func (m *modes) volumes() (all []types.Volume) {
	m.Helper()
	cfg, err := m.org.Provider().Config(m.Context(), awssession.Request{Scope: m.at, Purpose: resource.ForDiscover})
	if err != nil {
		m.Fatal(err)
	}
	out, err := awsec2.NewFromConfig(cfg).DescribeVolumes(m.Context(), &awsec2.DescribeVolumesInput{})
	if err != nil {
		m.Fatal(err)
	}
	return out.Volumes
}

func TestTheRootVolumeOfARunningInstanceIsReplaced(t *testing.T) {
	t.Parallel()
	m := newModes(t)
	before := len(m.volumes())
	ref, status := m.restored("root", map[string]string{"restore_as": "root-volume"})
	if !strings.HasPrefix(string(ref), "replacevol-") || status.State != driver.Succeeded {
		t.Fatalf("the replacement %s is %+v", ref, status)
	}
	all := m.volumes()
	if len(all) != before+1 {
		t.Errorf("%d volumes, want the old root beside the %d before", len(all), before)
	}
	free := 0
	for _, v := range all {
		if len(v.Attachments) == 0 {
			free++
		}
	}
	if free != 1 {
		t.Errorf("%d volumes are attached to nothing, want the old root alone", free)
	}
}

func TestAReplacementThatFailsSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	m := newModes(t)
	m.org.Inject(sim.Fault{Operation: "CreateReplaceRootVolumeTask", Times: 1, Effect: sim.FailLater})
	if _, status := m.restored("root", map[string]string{"restore_as": "root-volume"}); status.State != driver.Failed || !strings.Contains(status.Message, "old one") {
		t.Errorf("the replacement is %+v", status)
	}
}

func TestOneVolumeOfAnInstanceIsRestored(t *testing.T) {
	t.Parallel()
	m := newModes(t)
	ref, status := m.restored("volume", map[string]string{"restore_as": "volume", "device": "/dev/sdf"})
	if status.State != driver.Succeeded {
		t.Fatalf("the volume %s is %+v", ref, status)
	}
	for _, v := range m.volumes() {
		if aws.ToString(v.VolumeId) == string(ref) && aws.ToInt32(v.Size) != 30 {
			t.Errorf("the volume has %d GiB, want that of the device", aws.ToInt32(v.Size))
		}
	}
	_, err := m.d.Restore(t.Context(), m.request("none", map[string]string{"restore_as": "volume", "device": "/dev/none"}))
	if !failure.Is(err, failure.Invalid) || !strings.Contains(err.Error(), "/dev/sdf") {
		t.Errorf("a device the image does not have = %v, want class invalid and the devices there are", err)
	}
}

func TestWaysToRestoreDoNotMix(t *testing.T) {
	t.Parallel()
	m := newModes(t)
	for name, test := range map[string]struct {
		overrides map[string]string
		says      string
	}{
		"a type for a root volume": {map[string]string{"restore_as": "root-volume", "instance_type": "m5.large"}, "instance_type does not go with"},
		"a volume of no device":    {map[string]string{"restore_as": "volume"}, "device is missing"},
		"an unknown way":           {map[string]string{"restore_as": "disk"}, "restore_as"},
	} {
		_, err := m.d.PlanRestore(m.request("plan", test.overrides))
		if !failure.Is(err, failure.Invalid) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want class invalid and %q", name, err, test.says)
		}
	}
	elsewhere := m.request("abroad", map[string]string{"restore_as": "volume", "device": "/dev/sdf"})
	elsewhere.Scope.Region = "eu-central-1"
	if _, err := m.d.PlanRestore(elsewhere); err == nil || !strings.Contains(err.Error(), "availability_zone is missing") || strings.Contains(err.Error(), "subnet_id is missing") {
		t.Errorf("a volume in another region = %v, want its zone asked for and no subnet", err)
	}
}
