package dynamodb

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"holdfast/failure"
	"holdfast/resource"
)

// tablePage is the most names one ListTables returns.
const tablePage = 100

// Discover lists the tables and reads the settings of each. A table that is deleted
// between the listing and its settings is left out.
func (d *Driver) Discover(ctx context.Context, scope resource.Scope, yield func(resource.Resource) error) error {
	client, err := d.clients.Get(ctx, scope, resource.ForDiscover)
	if err != nil {
		return err
	}
	pages := dynamodb.NewListTablesPaginator(client, &dynamodb.ListTablesInput{Limit: aws.Int32(tablePage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return wrap("ListTables", err)
		}
		for _, name := range page.TableNames {
			found, err := read(ctx, client, scope, name)
			if failure.Is(err, failure.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if err := yield(found); err != nil {
				return err
			}
		}
	}
	return nil
}

// read gets one table with its settings; class not_found when it is gone or going.
func read(ctx context.Context, client tables, scope resource.Scope, name string) (resource.Resource, error) {
	table, err := describeTable(ctx, client, name)
	if err != nil {
		return resource.Resource{}, err
	}
	if table.TableStatus == types.TableStatusDeleting {
		return resource.Resource{}, failure.Errorf(failure.NotFound, "table %s is being deleted", name)
	}
	found := resource.Resource{
		ARN: aws.ToString(table.TableArn), Kind: resource.DynamoDB,
		Account: scope.Account, Region: scope.Region, Name: name, Unsupported: unsupported(table),
	}
	settings := settingsOf(table)
	if found.Tags, err = tagsOf(ctx, client, found.ARN); err != nil {
		return found, err
	}
	if settings.TTLAttribute, err = ttlAttribute(ctx, client, name); err != nil {
		return found, err
	}
	if settings.PointInTime, settings.PointInTimeDays, err = pointInTime(ctx, client, name); err != nil {
		return found, err
	}
	if found.Settings, err = json.Marshal(settings); err != nil {
		return found, failure.Errorf(failure.Internal, "record settings of table %s: %w", name, err)
	}
	return found, nil
}

// unsupported says why a table cannot be backed up as it is now, "" when it can.
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
func unsupported(table *types.TableDescription) string {
	switch table.TableStatus {
	case types.TableStatusArchiving, types.TableStatusArchived:
		return "the table was archived because its KMS key was inaccessible for more than seven days"
	case types.TableStatusInaccessibleEncryptionCredentials:
		return "the table's KMS key is inaccessible"
	default:
		return ""
	}
}

// tableName returns the name AWS's calls take for r.
func tableName(r resource.Resource) (string, error) {
	if r.Name != "" {
		return r.Name, nil
	}
	return nameFromARN(r.ARN)
}

func nameFromARN(arn string) (string, error) {
	if _, name, ok := strings.Cut(arn, ":table/"); ok && name != "" {
		return name, nil
	}
	return "", failure.Errorf(failure.Invalid, "%q is not the ARN of a table", arn)
}
