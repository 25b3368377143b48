package rdssnap

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"holdfast/driver/internal/clients"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// taggingAPI is the part of RDS that tags are read and written with, of what Neptune and
// DocumentDB have too.
type taggingAPI interface {
	ListTagsForResource(context.Context, *rds.ListTagsForResourceInput, ...func(*rds.Options)) (*rds.ListTagsForResourceOutput, error)
	AddTagsToResource(context.Context, *rds.AddTagsToResourceInput, ...func(*rds.Options)) (*rds.AddTagsToResourceOutput, error)
}

var _ taggingAPI = (*rds.Client)(nil)

// PointTags reads and writes the tags of snapshots that AWS Backup made, and of what is
// restored from them. It is safe for concurrent use.
type PointTags struct{ clients *clients.Pool[taggingAPI] }

// NewPointTags returns the tags that sessions can reach.
func NewPointTags(sessions awssession.Provider) *PointTags {
	return &PointTags{clients.NewPool(sessions, func(cfg aws.Config) taggingAPI { return rds.NewFromConfig(cfg) })}
}

// Tags returns the tags by ARN, a call for each; what does not exist is absent.
func (t *PointTags) Tags(ctx context.Context, scope resource.Scope, purpose resource.Purpose, arns []string) (map[string]map[string]string, error) {
	client, err := t.clients.Get(ctx, scope, purpose)
	if err != nil {
		return nil, err
	}
	found := make(map[string]map[string]string, len(arns))
	for _, arn := range arns {
		out, err := client.ListTagsForResource(ctx, &rds.ListTagsForResourceInput{ResourceName: &arn})
		switch listed := Wrap("ListTagsForResource", err); {
		case failure.Is(listed, failure.NotFound):
		case err != nil:
			return nil, listed
		default:
			found[arn] = FromTags(out.TagList)
		}
	}
	return found, nil
}

// Tag puts tags on what has an ARN.
func (t *PointTags) Tag(ctx context.Context, scope resource.Scope, purpose resource.Purpose, arn string, tags map[string]string) error {
	client, err := t.clients.Get(ctx, scope, purpose)
	if err != nil {
		return err
	}
	_, err = client.AddTagsToResource(ctx, TagInput(arn, tags))
	return Wrap("AddTagsToResource", err)
}

// TagInput is the call Tag makes, for plans.
func TagInput(arn string, tags map[string]string) *rds.AddTagsToResourceInput {
	return &rds.AddTagsToResourceInput{ResourceName: &arn, Tags: ToTags(tags)}
}

// Actions are what reading and writing takes.
func (*PointTags) Actions() (read, write []string) {
	return []string{"rds:ListTagsForResource"}, []string{"rds:AddTagsToResource"}
}
