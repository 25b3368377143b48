package ec2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/driver/internal/refs"
	"holdfast/failure"
	"holdfast/resource"
)

// Look observes images, or for Restore what was made of them, with one filtered listing. An image that
// a complete listing does not show is Gone for Expire; for the other operations it may
// only be too young to be seen, so it is left out.
func (d *Driver) Look(ctx context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	if len(req.Refs) > ec2calls.MaxFilterValues {
		return nil, failure.Errorf(failure.Internal, "look at %d references at once, more than %d", len(req.Refs), ec2calls.MaxFilterValues)
	}
	if len(req.Refs) == 0 {
		return map[driver.Ref]driver.Status{}, nil
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return nil, err
	}
	if req.Operation == driver.Restore {
		return lookAtRestored(ctx, client, req.Refs)
	}
	seen := make(map[driver.Ref]driver.Status, len(req.Refs))
	parts := encryptedParts{}
	err = eachImage(ctx, client, func(i *types.Image) error {
		status := statusOf(req.Scope, i)
		seen[status.Point.Ref] = status
		parts.add(i, status)
		return nil
	}, ec2calls.Filter("image-id", refs.Strings(req.Refs)...))
	if err != nil {
		return nil, err
	}
	if req.Operation == driver.Expire {
		refs.Deleted(req.Refs, seen)
		return seen, nil
	}
	return seen, d.nameKeys(ctx, client, req.Scope, parts, seen)
}

func lookAtInstances(ctx context.Context, client api, asked []driver.Ref) (map[driver.Ref]driver.Status, error) {
	seen := make(map[driver.Ref]driver.Status, len(asked))
	err := eachInstancePage(ctx, client, func(instances []types.Instance) error {
		for i := range instances {
			seen[driver.Ref(aws.ToString(instances[i].InstanceId))] = instanceStatus(&instances[i])
		}
		return nil
	}, ec2calls.Filter("instance-id", refs.Strings(asked)...))
	if err != nil {
		return nil, err
	}
	return seen, nil
}

// instanceStatus observes an instance launched by a restore. One that EC2 cannot start
// goes from pending to terminated; the reason says why.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
func instanceStatus(instance *types.Instance) driver.Status {
	status := driver.Status{State: driver.Pending, Progress: -1}
	if instance.State == nil {
		return status
	}
	switch instance.State.Name {
	case types.InstanceStateNameRunning, types.InstanceStateNameStopping, types.InstanceStateNameStopped:
		status.State, status.Progress = driver.Succeeded, 100
	case types.InstanceStateNameShuttingDown, types.InstanceStateNameTerminated:
		status.State, status.Message = driver.Failed, "the instance was terminated"
		if instance.StateReason != nil && aws.ToString(instance.StateReason.Message) != "" {
			status.Message = aws.ToString(instance.StateReason.Message)
		}
	}
	return status
}
