package ebssnap

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/resource"
)

// List lists the snapshots that carry a mark and were made of the kind's resources.
func (s *Snapshots) List(ctx context.Context, scope resource.Scope, yield func(driver.Artefact) error) error {
	client, err := s.Client(ctx, scope, resource.ForDiscover)
	if err != nil {
		return err
	}
	return eachSnapshot(ctx, client, func(found *types.Snapshot) error {
		mark, ok := ec2calls.MarkOf(found.Tags)
		if source, err := resource.ParseARN(mark.SourceARN); !ok || err == nil && source.Service != s.Service {
			return nil
		}
		point, err := s.Keys.Point(ctx, scope, pointOf(scope, found))
		if err != nil {
			return err
		}
		return yield(driver.Artefact{Point: point, Mark: mark, State: stateOf(found.State)})
	}, ec2calls.Filter("tag-key", driver.TagInstallation))
}
