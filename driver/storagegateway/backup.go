package storagegateway

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/driver/internal/marktags"
	"holdfast/failure"
	"holdfast/resource"
)

// Start begins a snapshot of the volume. When its gateway does not answer, a cached volume
// is backed up as far as it has sent its data to AWS, from its recovery point; a stored one
// waits, with class busy.
func (d *Driver) Start(ctx context.Context, req driver.StartRequest) (driver.Ref, error) {
	client, err := d.gateways.Get(ctx, req.Scope, resource.ForBackup)
	if err != nil {
		return "", err
	}
	tags := toTags(marktags.For(req.Mark, req.Tags))
	out, err := client.CreateSnapshot(ctx, &storagegateway.CreateSnapshotInput{
		VolumeARN: aws.String(req.Resource.ARN), SnapshotDescription: ec2calls.Description(req.Mark), Tags: tags,
	}, once)
	if err == nil {
		return driver.Ref(aws.ToString(out.SnapshotId)), nil
	}
	refused := wrap("CreateSnapshot", err)
	if !notConnected(refused) || typeOf(req.Resource) == storedGateway {
		return "", refused
	}
	point, err := client.CreateSnapshotFromVolumeRecoveryPoint(ctx, &storagegateway.CreateSnapshotFromVolumeRecoveryPointInput{
		VolumeARN: aws.String(req.Resource.ARN), SnapshotDescription: ec2calls.Description(req.Mark), Tags: tags,
	}, once)
	if err == nil {
		return driver.Ref(aws.ToString(point.SnapshotId)), nil
	}
	if err := wrap("CreateSnapshotFromVolumeRecoveryPoint", err); !failure.Is(err, failure.Unsupported) {
		return "", err
	}
	return "", refused // a stored volume after all, which was not recorded
}

// typeOf returns the recorded type of a volume, "" when it is not recorded.
func typeOf(r resource.Resource) string {
	var settings Settings
	if json.Unmarshal(r.Settings, &settings) != nil {
		return ""
	}
	return settings.Type
}

// toTags returns tags in key order, because a call repeated with its token must have the
// same parameters as the first.
func toTags(tags map[string]string) []types.Tag {
	out := make([]types.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return out
}
