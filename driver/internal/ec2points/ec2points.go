// Package ec2points has the tags of recovery points of AWS Backup that are snapshots or
// images of Amazon EC2, and of what is restored from them.
package ec2points

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver/internal/clients"
	"holdfast/driver/internal/ec2calls"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// api is the part of EC2 that tags are read and written with.
type api interface {
	ec2.DescribeTagsAPIClient
	CreateTags(context.Context, *ec2.CreateTagsInput, ...func(*ec2.Options)) (*ec2.CreateTagsOutput, error)
}

var _ api = (*ec2.Client)(nil)

// Tags reads and writes tags by the ARNs of what has them. It is safe for concurrent use.
type Tags struct {
	clients *clients.Pool[api]
	wrap    func(operation string, err error) error
}

// New returns the tags that sessions can reach; wrap gives errors of EC2 their class.
func New(sessions awssession.Provider, wrap func(operation string, err error) error) *Tags {
	return &Tags{wrap: wrap, clients: clients.NewPool(sessions, func(cfg aws.Config) api { return ec2.NewFromConfig(cfg) })}
}

// tagPage is the most tags one page has.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html
const tagPage = 1000

// Tags returns the tags by ARN: what has none is absent, as what does not exist.
func (t *Tags) Tags(ctx context.Context, scope resource.Scope, purpose resource.Purpose, arns []string) (map[string]map[string]string, error) {
	client, err := t.clients.Get(ctx, scope, purpose)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]string, len(arns))
	for _, arn := range arns {
		byID[idOf(arn)] = arn
	}
	found := make(map[string]map[string]string, len(arns))
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(byID)), ec2calls.MaxFilterValues) {
		pages := ec2.NewDescribeTagsPaginator(client, &ec2.DescribeTagsInput{
			Filters: []types.Filter{ec2calls.Filter("resource-id", ids...)}, MaxResults: aws.Int32(tagPage),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, t.wrap("DescribeTags", err)
			}
			for _, tag := range page.Tags {
				arn := byID[aws.ToString(tag.ResourceId)]
				if found[arn] == nil {
					found[arn] = map[string]string{}
				}
				found[arn][aws.ToString(tag.Key)] = aws.ToString(tag.Value)
			}
		}
	}
	return found, nil
}

// Tag puts tags on what has an ARN.
func (t *Tags) Tag(ctx context.Context, scope resource.Scope, purpose resource.Purpose, arn string, tags map[string]string) error {
	client, err := t.clients.Get(ctx, scope, purpose)
	if err != nil {
		return err
	}
	_, err = client.CreateTags(ctx, Input(arn, tags))
	return t.wrap("CreateTags", err)
}

// Input is the call Tag makes, for plans.
func Input(arn string, tags map[string]string) *ec2.CreateTagsInput {
	return &ec2.CreateTagsInput{Resources: []string{idOf(arn)}, Tags: ec2calls.Tagged("", tags).Tags}
}

// Actions are what reading and writing takes.
func (*Tags) Actions() (read, write []string) {
	return []string{"ec2:DescribeTags"}, []string{"ec2:CreateTags"}
}

func idOf(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
