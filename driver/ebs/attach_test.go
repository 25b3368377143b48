package ebs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"holdfast/driver"
	"holdfast/driver/ebs"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

// TestARestoredVolumeIsAttached restores onto an instance, twice, and onto one in another zone.
func TestARestoredVolumeIsAttached(t *testing.T) {
	t.Parallel()
	manual := clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	org, err := sim.New(sim.Options{Clock: manual, Unthrottled: true})
	if err != nil {
		t.Fatal(err)
	}
	at := resource.Scope{Partition: "aws", Account: "111111111111", Region: "eu-west-1"}
	arn, err := org.Create(sim.Blueprint{Kind: resource.EBS, Account: at.Account, Region: at.Region})
	if err != nil {
		t.Fatal(err)
	}
	host, err := org.Create(sim.Blueprint{Kind: resource.EC2, Account: at.Account, Region: at.Region})
	if err != nil {
		t.Fatal(err)
	}
	d := ebs.New(org.Provider())
	source := resource.Resource{ARN: arn, Account: at.Account, Region: at.Region}
	mark := driver.Mark{Installation: "lab", JobID: "j1", SourceARN: arn, CreatedAt: manual.Now()}
	snapshot, err := d.Start(t.Context(), driver.StartRequest{Scope: at, Mark: mark, Resource: source})
	if err != nil {
		t.Fatal(err)
	}
	manual.Advance(time.Hour)
	for zone, want := range map[string]failure.Class{"eu-west-1a": "", "eu-west-1b": failure.Invalid} {
		req := driver.RestoreRequest{
			Scope: at, Point: driver.Point{Ref: snapshot}, Resource: source,
			Mark:      driver.Mark{Installation: "lab", JobID: zone, SourceARN: arn, CreatedAt: manual.Now()},
			Overrides: map[string]string{"availability_zone": zone, "attach_instance_id": lastPart(host), "attach_device": "/dev/sdf"},
		}
		volume, err := d.Restore(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.FinishRestore(t.Context(), req, volume); !failure.Is(err, failure.Busy) {
			t.Errorf("finish while the volume is being made = %v, want class busy", err)
		}
		manual.Advance(time.Hour)
		for range 2 {
			if err := d.FinishRestore(t.Context(), req, volume); failure.ClassOf(err) != want {
				t.Errorf("attach in %s = %v, want class %q", zone, err, want)
			}
		}
		if got := instanceOf(t, org, at, string(volume)); (got == lastPart(host)) != (want == "") {
			t.Errorf("the volume in %s is attached to %q", zone, got)
		}
	}
}

func instanceOf(t *testing.T, org *sim.Organization, at resource.Scope, volume string) string {
	t.Helper()
	cfg, err := org.Provider().Config(t.Context(), awssession.Request{Scope: at, Purpose: resource.ForDiscover})
	if err != nil {
		t.Fatal(err)
	}
	out, err := ec2.NewFromConfig(cfg).DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{VolumeIds: []string{volume}})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range out.Volumes[0].Attachments {
		return aws.ToString(a.InstanceId)
	}
	return ""
}

// lastPart returns the id at the end of an ARN.
func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

func TestAttachingNeedsBothParameters(t *testing.T) {
	t.Parallel()
	for _, overrides := range []map[string]string{
		{"attach_instance_id": "i-1"}, {"attach_device": "/dev/sdf"},
	} {
		overrides["availability_zone"] = "eu-west-1a"
		_, err := ebs.New(nil).PlanRestore(driver.RestoreRequest{
			Scope: resource.Scope{Partition: "aws", Account: "111111111111", Region: "eu-west-1"}, Overrides: overrides,
		})
		if !failure.Is(err, failure.Invalid) {
			t.Errorf("plan with %v = %v, want class invalid", overrides, err)
		}
	}
}
