package ebs

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver/internal/ec2calls"
	"holdfast/failure"
	"holdfast/resource"
)

// Settings is what a volume's Resource.Settings holds.
type Settings struct {
	AvailabilityZone string       `json:"availability_zone"`
	VolumeType       string       `json:"volume_type"`
	SizeGiB          int32        `json:"size_gib"`
	IOPS             int32        `json:"iops,omitempty"`       // per second
	Throughput       int32        `json:"throughput,omitempty"` // MiB per second
	Encrypted        bool         `json:"encrypted"`
	KMSKeyID         string       `json:"kms_key_id,omitempty"`
	MultiAttach      bool         `json:"multi_attach,omitempty"`
	Attachments      []Attachment `json:"attachments,omitempty"`
}

// Attachment says where a volume was attached, for the one who restores it.
type Attachment struct {
	InstanceID string `json:"instance_id"`
	Device     string `json:"device"`
}

// Discover lists the volumes that are available or in use.
func (d *Driver) Discover(ctx context.Context, scope resource.Scope, yield func(resource.Resource) error) error {
	client, err := d.clients.Get(ctx, scope, resource.ForDiscover)
	if err != nil {
		return err
	}
	return eachVolume(ctx, client, func(volume *types.Volume) error {
		return yieldVolume(scope, volume, yield)
	})
}

// yieldVolume passes on a volume unless it is being made or on its way out.
func yieldVolume(scope resource.Scope, volume *types.Volume, yield func(resource.Resource) error) error {
	if volume.State != types.VolumeStateAvailable && volume.State != types.VolumeStateInUse {
		return nil
	}
	found, err := toResource(scope, volume)
	if err != nil {
		return err
	}
	return yield(found)
}

func toResource(scope resource.Scope, volume *types.Volume) (resource.Resource, error) {
	settings := Settings{
		AvailabilityZone: aws.ToString(volume.AvailabilityZone), VolumeType: string(volume.VolumeType),
		SizeGiB: aws.ToInt32(volume.Size), IOPS: aws.ToInt32(volume.Iops), Throughput: aws.ToInt32(volume.Throughput),
		Encrypted: aws.ToBool(volume.Encrypted), KMSKeyID: aws.ToString(volume.KmsKeyId),
		MultiAttach: aws.ToBool(volume.MultiAttachEnabled),
	}
	for _, a := range volume.Attachments {
		settings.Attachments = append(settings.Attachments, Attachment{
			InstanceID: aws.ToString(a.InstanceId), Device: aws.ToString(a.Device),
		})
	}
	raw, err := json.Marshal(settings)
	if err != nil {
		return resource.Resource{}, failure.Errorf(failure.Internal, "record settings of a volume: %w", err)
	}
	id := aws.ToString(volume.VolumeId)
	return resource.Resource{
		ARN:  fmt.Sprintf("arn:%s:ec2:%s:%s:volume/%s", scope.Partition, scope.Region, scope.Account, id),
		Kind: resource.EBS, Account: scope.Account, Region: scope.Region, Name: id,
		Tags: ec2calls.FromTags(volume.Tags), Settings: raw,
	}, nil
}

// PartOf returns the instances the volume is attached to: an image of one includes it.
func (*Driver) PartOf(r resource.Resource) (arns []string) {
	var settings Settings
	arn, err := resource.ParseARN(r.ARN)
	if err != nil || json.Unmarshal(r.Settings, &settings) != nil {
		return nil
	}
	for _, a := range settings.Attachments {
		arn.Resource = "instance/" + a.InstanceID
		arns = append(arns, arn.String())
	}
	return arns
}

// volumeID returns the id AWS's calls take for r.
func volumeID(r resource.Resource) (string, error) {
	if r.Name != "" {
		return r.Name, nil
	}
	if _, id, ok := strings.Cut(r.ARN, ":volume/"); ok && id != "" {
		return id, nil
	}
	return "", failure.Errorf(failure.Invalid, "%q is not the ARN of a volume", r.ARN)
}
