package ebs

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/resource"
)

func TestAVolumeIsPartOfItsInstances(t *testing.T) {
	t.Parallel()
	volume := resource.Resource{
		ARN:      "arn:aws-cn:ec2:cn-north-1:111122223333:volume/vol-1",
		Settings: []byte(`{"attachments":[{"instance_id":"i-1","device":"/dev/sda1"},{"instance_id":"i-2","device":"/dev/sdb"}]}`),
	}
	want := []string{"arn:aws-cn:ec2:cn-north-1:111122223333:instance/i-1", "arn:aws-cn:ec2:cn-north-1:111122223333:instance/i-2"}
	if diff := cmp.Diff(want, (*Driver)(nil).PartOf(volume)); diff != "" {
		t.Error(diff)
	}
	volume.Settings = nil
	if got := (*Driver)(nil).PartOf(volume); got != nil {
		t.Errorf("without settings it is part of %v", got)
	}
}
