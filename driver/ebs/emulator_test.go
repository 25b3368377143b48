package ebs_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver/ebs"
	"holdfast/driver/internal/mototest"
	"holdfast/resource"
)

func createVolume(t *testing.T, lab *mototest.Lab, scope resource.Scope, size int32) string {
	t.Helper()
	out, err := ec2.NewFromConfig(lab.Config(t, scope)).CreateVolume(t.Context(), &ec2.CreateVolumeInput{
		AvailabilityZone: aws.String(scope.Region + "a"), Size: aws.Int32(size), VolumeType: types.VolumeTypeGp3,
		Iops: aws.Int32(4000), Throughput: aws.Int32(250), Encrypted: aws.Bool(true),
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeVolume,
			Tags:         []types.Tag{{Key: aws.String("env"), Value: aws.String("prod")}},
		}},
	})
	if err != nil {
		t.Fatalf("create volume: %v", err)
	}
	return aws.ToString(out.VolumeId)
}

func TestLifeOfASnapshotOnMoto(t *testing.T) {
	t.Parallel()
	lab := mototest.New(t)
	d := ebs.New(lab.Sessions)
	id := createVolume(t, lab, mototest.Home, 8)
	foreign := createVolume(t, lab, mototest.Other, 9)

	volumes := mototest.Discover(t, d, mototest.Home)
	if len(volumes) != 1 || volumes[0].Name != id || volumes[0].Tags["env"] != "prod" ||
		volumes[0].ARN != "arn:aws:ec2:us-east-1:111111111111:volume/"+id {
		t.Fatalf("discovered %+v, want only volume %s", volumes, id)
	}
	if others := mototest.Discover(t, d, mototest.Other); len(others) != 1 || others[0].Name != foreign {
		t.Errorf("discovered %+v in the other account, want only %s", others, foreign)
	}
	point := mototest.Backup(t, d, volumes[0], "backup")
	if !point.Encrypted || point.SizeBytes != 8<<30 {
		t.Errorf("point %+v, want encrypted and of 8 GiB", point)
	}
	copied := mototest.Copy(t, d, volumes[0], point, "", "copy")
	restored := mototest.Restore(t, d, volumes[0], point, map[string]string{"size_gib": "10", "volume_type": "gp2"}, "restore")
	var got ebs.Settings
	if err := json.Unmarshal(restored.Settings, &got); err != nil {
		t.Fatalf("settings of the restored volume: %v", err)
	}
	if got.SizeGiB != 10 || got.VolumeType != "gp2" || got.AvailabilityZone != "us-east-1a" || restored.Tags["env"] != "prod" {
		t.Errorf("restored %+v with tags %v, want 10 GiB of gp2 in us-east-1a, tagged as the source", got, restored.Tags)
	}
	mototest.Lend(t, d, volumes[0], point, func() (accounts []string) {
		out, err := ec2.NewFromConfig(lab.Config(t, mototest.Home)).DescribeSnapshotAttribute(t.Context(), &ec2.DescribeSnapshotAttributeInput{
			SnapshotId: aws.String(string(point.Ref)), Attribute: types.SnapshotAttributeNameCreateVolumePermission,
		})
		if err != nil {
			t.Fatalf("permissions: %v", err)
		}
		for _, p := range out.CreateVolumePermissions {
			accounts = append(accounts, aws.ToString(p.UserId))
		}
		return accounts
	})
	mototest.Expire(t, d, mototest.Home, point)
	mototest.Expire(t, d, mototest.Away, copied)
	lab.CheckActions(t, d.Descriptor())
}
