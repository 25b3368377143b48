package sim_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/google/go-cmp/cmp"

	"holdfast/internal/awssession"
	"holdfast/resource"
	"holdfast/sim"
)

// The organization sees who made a call as CloudTrail would.
func TestCallsThatNameNoJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	arn := w.create(t, sim.Blueprint{Kind: resource.EBS, SizeGiB: 1})
	volume := arn[len("arn:aws:ec2:"+home+":"+account+":volume/"):]
	client := ec2.NewFromConfig(config(t, w.Provider(), account, home))
	if _, err := client.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{}); err != nil {
		t.Fatal(err)
	}
	named := awssession.WithJob(t.Context(), "job1")
	if _, err := client.CreateSnapshot(named, &ec2.CreateSnapshotInput{VolumeId: &volume}); err != nil {
		t.Fatal(err)
	}
	if got := w.Unnamed(); len(got) != 0 {
		t.Errorf("calls without a job: %v, want none", got)
	}
	w.clock.Advance(time.Hour) // AWS takes few snapshots a minute of one volume
	if _, err := client.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: &volume}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"ec2:CreateSnapshot": 1}, w.Unnamed()); diff != "" {
		t.Errorf("calls without a job (-want +got):\n%s", diff)
	}
}
