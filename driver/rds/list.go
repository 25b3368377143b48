package rds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/resource"
)

// List lists the manual snapshots that carry a mark. RDS cannot filter by tag, so every
// manual snapshot of the scope is read.
func (d *Driver) List(ctx context.Context, scope resource.Scope, yield func(driver.Artefact) error) error {
	client, err := d.clients.Get(ctx, scope, resource.ForDiscover)
	if err != nil {
		return err
	}
	return eachSnapshot(ctx, client, func(s *types.DBSnapshot) error {
		mark, ok := driver.MarkFromTags(fromTags(s.TagList))
		if !ok {
			return nil
		}
		return yield(driver.Artefact{Point: pointOf(s), Mark: mark, State: stateOf(aws.ToString(s.Status))})
	})
}
