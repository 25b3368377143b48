package ec2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/resource"
)

// List lists the images that carry a mark.
func (d *Driver) List(ctx context.Context, scope resource.Scope, yield func(driver.Artefact) error) error {
	client, err := d.clients.Get(ctx, scope, resource.ForDiscover)
	if err != nil {
		return err
	}
	return eachImage(ctx, client, func(i *types.Image) error {
		mark, ok := ec2calls.MarkOf(i.Tags)
		if !ok {
			return nil
		}
		return yield(driver.Artefact{Point: pointOf(scope, i), Mark: mark, State: stateOf(i.State)})
	}, ec2calls.Filter("tag-key", driver.TagInstallation))
}
