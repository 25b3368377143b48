package storagegateway

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"

	"holdfast/failure"
	"holdfast/resource"
)

// Settings is what a volume's Resource.Settings holds. The gateway and its addresses are of
// the volume's own account and region.
type Settings struct {
	Type             string `json:"type"` // CACHED or STORED
	GatewayARN       string `json:"gateway_arn"`
	TargetName       string `json:"target_name"`
	NetworkInterface string `json:"network_interface"` // the gateway's IP address
	Port             int32  `json:"port,omitempty"`
	SizeBytes        int64  `json:"size_bytes"`
	KMSKeyID         string `json:"kms_key_id,omitempty"` // ARN
	DiskID           string `json:"disk_id,omitempty"`    // of a stored volume
}

// Discover lists the volumes of every volume gateway. One that does not answer keeps
// nobody else's volumes from being listed: the listing then ends with an error of class
// busy, so that what is known of its own volumes stays.
func (d *Driver) Discover(ctx context.Context, scope resource.Scope, yield func(resource.Resource) error) error {
	client, err := d.gateways.Get(ctx, scope, resource.ForDiscover)
	if err != nil {
		return err
	}
	var away []error
	err = eachGateway(ctx, client, func(g *types.GatewayInfo) error {
		err := eachPage(ctx, client, aws.ToString(g.GatewayARN), func(page []types.VolumeInfo) error {
			return yieldPage(ctx, client, scope, page, yield)
		})
		if notConnected(err) {
			away = append(away, failure.Errorf(failure.Busy, "gateway %s (%s): %w", aws.ToString(g.GatewayId), aws.ToString(g.GatewayName), err))
			return nil
		}
		return err
	})
	if err != nil || len(away) == 0 {
		return err
	}
	return errors.Join(away...)
}

func yieldPage(ctx context.Context, client api, scope resource.Scope, page []types.VolumeInfo, yield func(resource.Resource) error) error {
	volumes, err := described(ctx, client, page)
	if err != nil {
		return err
	}
	for _, v := range volumes {
		tags, err := tagsOf(ctx, client, v.ARN)
		if failure.Is(err, failure.NotFound) {
			continue // deleted since it was listed
		}
		if err != nil {
			return err
		}
		found, err := toResource(scope, v, tags)
		if err != nil {
			return err
		}
		if err := yield(found); err != nil {
			return err
		}
	}
	return nil
}

func toResource(scope resource.Scope, v volume, tags map[string]string) (resource.Resource, error) {
	raw, err := json.Marshal(Settings{
		Type: v.Type, GatewayARN: v.Gateway, TargetName: v.Target, NetworkInterface: v.Interface, Port: v.Port,
		SizeBytes: v.Bytes, KMSKeyID: v.Key, DiskID: v.Disk,
	})
	if err != nil {
		return resource.Resource{}, failure.Errorf(failure.Internal, "record settings of volume %s: %w", v.ID, err)
	}
	return resource.Resource{
		ARN: v.ARN, Kind: resource.StorageGateway, Account: scope.Account, Region: scope.Region, Name: v.ID,
		Tags: tags, Settings: raw, Unsupported: unsupported(v.Status),
	}, nil
}

// unsupported says why no snapshot of a volume will ever be made, "" when one can be. The
// statuses that pass by themselves show at the call, as class busy.
// Source: https://docs.aws.amazon.com/storagegateway/latest/vgw/StorageVolumeStatuses.html
func unsupported(status string) string {
	switch status {
	case "IRRECOVERABLE":
		return "the volume is irrecoverable: restore it from a recovery point and delete it"
	case "DELETING", "DELETED":
		return "the volume is being deleted"
	default:
		return ""
	}
}
