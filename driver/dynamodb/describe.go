package dynamodb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"holdfast/failure"
)

// describeTable returns the table called name; class not_found when there is none.
func describeTable(ctx context.Context, client tables, name string) (*types.TableDescription, error) {
	out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(name)})
	if err != nil {
		return nil, wrap("DescribeTable", err)
	}
	if out.Table == nil {
		return nil, failure.Errorf(failure.Transient, "describe table %s: AWS gave no description", name)
	}
	return out.Table, nil
}

// tagsOf returns all tags of a table; ListTagsOfResource gives ten at a time.
func tagsOf(ctx context.Context, client tables, arn string) (map[string]string, error) {
	tags := map[string]string{}
	in := &dynamodb.ListTagsOfResourceInput{ResourceArn: aws.String(arn)}
	for {
		out, err := client.ListTagsOfResource(ctx, in)
		if err != nil {
			return nil, wrap("ListTagsOfResource", err)
		}
		for _, tag := range out.Tags {
			tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
		if aws.ToString(out.NextToken) == "" {
			return tags, nil
		}
		in.NextToken = out.NextToken
	}
}

// ttlAttribute returns the attribute items expire by, "" when TTL is off.
func ttlAttribute(ctx context.Context, client tables, name string) (string, error) {
	out, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: aws.String(name)})
	if err != nil {
		return "", wrap("DescribeTimeToLive", err)
	}
	ttl := out.TimeToLiveDescription
	if ttl == nil || ttl.TimeToLiveStatus != types.TimeToLiveStatusEnabled && ttl.TimeToLiveStatus != types.TimeToLiveStatusEnabling {
		return "", nil
	}
	return aws.ToString(ttl.AttributeName), nil
}

// pointInTime reports whether point-in-time recovery is on, and for how many days back.
func pointInTime(ctx context.Context, client tables, name string) (on bool, days int32, err error) {
	pitr, err := continuousBackups(ctx, client, name)
	if err != nil || pitr == nil {
		return false, 0, err
	}
	return true, aws.ToInt32(pitr.RecoveryPeriodInDays), nil
}

// continuousBackups describes point-in-time recovery of a table, nil when it is off.
func continuousBackups(ctx context.Context, client tables, name string) (*types.PointInTimeRecoveryDescription, error) {
	out, err := client.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: aws.String(name)})
	if err != nil {
		return nil, wrap("DescribeContinuousBackups", err)
	}
	if out.ContinuousBackupsDescription == nil || out.ContinuousBackupsDescription.PointInTimeRecoveryDescription == nil {
		return nil, nil //nolint:nilnil // off
	}
	pitr := out.ContinuousBackupsDescription.PointInTimeRecoveryDescription
	if pitr.PointInTimeRecoveryStatus != types.PointInTimeRecoveryStatusEnabled {
		return nil, nil //nolint:nilnil // off
	}
	return pitr, nil
}
