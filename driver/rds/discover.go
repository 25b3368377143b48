package rds

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver/internal/rdssnap"
	"holdfast/failure"
	"holdfast/resource"
)

// Discover lists the DB instances that stand alone. Tags come with the listing.
func (d *Driver) Discover(ctx context.Context, scope resource.Scope, yield func(resource.Resource) error) error {
	client, err := d.clients.Get(ctx, scope, resource.ForDiscover)
	if err != nil {
		return err
	}
	return eachInstance(ctx, client, func(in *types.DBInstance) error {
		if !standalone(in) || aws.ToString(in.DBInstanceStatus) == "deleting" {
			return nil
		}
		found, err := toResource(scope, in)
		if err != nil {
			return err
		}
		return yield(found)
	})
}

func toResource(scope resource.Scope, in *types.DBInstance) (resource.Resource, error) {
	raw, err := json.Marshal(settingsOf(in))
	if err != nil {
		return resource.Resource{}, failure.Errorf(failure.Internal, "record settings of a DB instance: %w", err)
	}
	id := aws.ToString(in.DBInstanceIdentifier)
	arn := aws.ToString(in.DBInstanceArn)
	if arn == "" {
		arn = fmt.Sprintf("arn:%s:rds:%s:%s:db:%s", scope.Partition, scope.Region, scope.Account, id)
	}
	return resource.Resource{
		ARN: arn, Kind: resource.RDS, Account: scope.Account, Region: scope.Region, Name: id,
		Tags: rdssnap.FromTags(in.TagList), Settings: raw,
	}, nil
}

// instanceID returns the identifier AWS's calls take for r.
func instanceID(r resource.Resource) (string, error) {
	if r.Name != "" {
		return r.Name, nil
	}
	return idFromARN(r.ARN)
}

func idFromARN(arn string) (string, error) {
	if _, id, ok := strings.Cut(arn, ":db:"); ok && id != "" {
		return id, nil
	}
	return "", failure.Errorf(failure.Invalid, "%q is not the ARN of a DB instance", arn)
}
