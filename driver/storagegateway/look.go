package storagegateway

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"

	"holdfast/driver"
	"holdfast/driver/internal/ebssnap"
	"holdfast/driver/internal/ec2calls"
	"holdfast/resource"
)

// Look observes snapshots with one listing, and for Restore volumes: those of EC2 with one
// listing too, those of gateways with two calls a gateway. A gateway that does not answer
// says nothing about its volumes.
func (d *Driver) Look(ctx context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	if req.Operation != driver.Restore {
		return d.Snapshots.Look(ctx, req)
	}
	if err := ebssnap.CheckLook(req); err != nil {
		return nil, err
	}
	seen := make(map[driver.Ref]driver.Status, len(req.Refs))
	var ids []string
	byGateway := map[string][]string{}
	for _, ref := range req.Refs {
		if gateway, _, ok := strings.Cut(string(ref), "/volume/"); ok {
			byGateway[gateway] = append(byGateway[gateway], string(ref))
		} else {
			ids = append(ids, string(ref))
		}
	}
	if err := d.lookOnEC2(ctx, req.Scope, ids, seen); err != nil {
		return nil, err
	}
	if len(byGateway) == 0 {
		return seen, nil
	}
	client, err := d.gateways.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return nil, err
	}
	for _, gateway := range slices.Sorted(maps.Keys(byGateway)) {
		if err := lookAtGateway(ctx, client, gateway, byGateway[gateway], seen); err != nil && !notConnected(err) {
			return nil, err
		}
	}
	return seen, nil
}

func (d *Driver) lookOnEC2(ctx context.Context, scope resource.Scope, ids []string, seen map[driver.Ref]driver.Status) error {
	if len(ids) == 0 {
		return nil
	}
	client, err := d.computing.Get(ctx, scope, resource.ForDiscover)
	if err != nil {
		return err
	}
	return eachEBSVolume(ctx, client, func(v *ec2types.Volume) {
		seen[driver.Ref(aws.ToString(v.VolumeId))] = ebsStatus(v.State)
	}, ec2calls.Filter("volume-id", ids...))
}

// lookAtGateway looks at some volumes of one gateway: listed, because only the listing
// tells of what type they are, and then described.
func lookAtGateway(ctx context.Context, client api, gateway string, arns []string, seen map[driver.Ref]driver.Status) error {
	return eachPage(ctx, client, gateway, func(page []types.VolumeInfo) error {
		asked := slices.DeleteFunc(page, func(info types.VolumeInfo) bool { return !slices.Contains(arns, aws.ToString(info.VolumeARN)) })
		volumes, err := described(ctx, client, asked)
		for _, v := range volumes {
			seen[driver.Ref(v.ARN)] = statusOf(v)
		}
		return err
	})
}

// statusOf observes a gateway's volume made by a restore. PASS_THROUGH, BOOTSTRAPPING and
// the like are passing.
// Source: https://docs.aws.amazon.com/storagegateway/latest/vgw/StorageVolumeStatuses.html
func statusOf(v volume) driver.Status {
	status := driver.Status{State: driver.Pending, Progress: -1}
	if v.Percent != nil {
		status.Progress = min(max(int(*v.Percent), 0), 100)
	}
	switch v.Status {
	case "AVAILABLE":
		status.State, status.Progress = driver.Succeeded, 100
	case "IRRECOVERABLE":
		status.State, status.Message = driver.Failed, "the volume is irrecoverable"
	case "DELETING", "DELETED":
		status.State = driver.Gone
	}
	return status
}

// ebsStatus observes an EBS volume made by a restore.
// Source: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-describing-volumes.html
func ebsStatus(state ec2types.VolumeState) driver.Status {
	switch state {
	case ec2types.VolumeStateAvailable, ec2types.VolumeStateInUse:
		return driver.Status{State: driver.Succeeded, Progress: 100}
	case ec2types.VolumeStateError:
		return driver.Status{State: driver.Failed, Progress: -1, Message: "the volume is in state error"}
	case ec2types.VolumeStateDeleting, ec2types.VolumeStateDeleted:
		return driver.Status{State: driver.Gone, Progress: -1}
	default:
		return driver.Status{State: driver.Pending, Progress: -1}
	}
}
