package s3

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"holdfast/driver/awsbackup"
	"holdfast/driver/conformance"
	"holdfast/driver/internal/clients"
	"holdfast/failure"
	"holdfast/internal/awserr"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// bucketPage is how many buckets are asked for at once. AWS allows 10,000.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
const bucketPage = 1000

// api is the part of S3 this driver uses.
type api interface {
	s3.ListBucketsAPIClient
	GetBucketTagging(context.Context, *s3.GetBucketTaggingInput, ...func(*s3.Options)) (*s3.GetBucketTaggingOutput, error)
	GetBucketVersioning(context.Context, *s3.GetBucketVersioningInput, ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error)
}

var _ api = (*s3.Client)(nil)

// buckets is S3 as the engine sees it.
type buckets struct {
	clients *clients.Pool[api]
}

// New returns the driver of S3 buckets, which takes its AWS configurations from sessions.
func New(sessions awssession.Provider, o awsbackup.Options) *awsbackup.Driver {
	b := &buckets{clients: clients.NewPool(sessions, newClient)}
	return awsbackup.New(sessions, o, awsbackup.Kind{
		Kind: resource.S3, Title: "S3 bucket", Type: "S3", ARNPattern: "arn:*:s3:::*",
		Discover:        b.discover,
		DiscoverActions: []string{"s3:GetBucketTagging", "s3:GetBucketVersioning", "s3:ListAllMyBuckets"},
		DiscoverCalls:   []string{"ListBuckets", "GetBucketVersioning"},
		Exempt:          map[string]string{"restore-finish": "a restore goes into a bucket that exists, which is not ours to mark"},
		Emulated:        []conformance.Ability{conformance.CanDiscover},
		BackupOptions:   []string{"BackupACLs", "BackupObjectTags"},
		Restore:         restoration{},
	})
}

// newClient uses path-style addresses where the endpoint is somebody's own: emulators have
// no names for buckets.
func newClient(cfg aws.Config) api {
	return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil })
}

// codes has S3's codes; the shared table has the rest.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
var codes = awserr.Table{
	"SlowDown": failure.Throttled,

	"InternalError":     failure.Transient,
	"OperationAborted":  failure.Busy,
	"NoSuchBucket":      failure.NotFound,
	"NoSuchTagSet":      failure.NotFound,
	"PermanentRedirect": failure.Invalid,
}

func wrap(op string, err error) error { return awserr.Wrap("s3:"+op, err, codes) }

// Settings is what a restore needs of a bucket.
type Settings struct {
	Versioning string `json:"versioning,omitempty"`
}

// discover lists the account's buckets of the region and reads the settings of each. One
// that is deleted in between is left out.
func (b *buckets) discover(ctx context.Context, scope resource.Scope, yield func(resource.Resource) error) error {
	client, err := b.clients.Get(ctx, scope, resource.ForDiscover)
	if err != nil {
		return err
	}
	pages := s3.NewListBucketsPaginator(client, &s3.ListBucketsInput{BucketRegion: &scope.Region, MaxBuckets: aws.Int32(bucketPage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return wrap("ListBuckets", err)
		}
		for _, bucket := range page.Buckets {
			found, err := read(ctx, client, scope, aws.ToString(bucket.Name))
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

func read(ctx context.Context, client api, scope resource.Scope, name string) (resource.Resource, error) {
	found := resource.Resource{
		ARN: "arn:" + scope.Partition + ":s3:::" + name, Kind: resource.S3, Account: scope.Account, Region: scope.Region, Name: name,
	}
	versioning, err := client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &name})
	if err != nil {
		return found, wrap("GetBucketVersioning", err)
	}
	if versioning.Status != types.BucketVersioningStatusEnabled {
		found.Unsupported = "versioning is not enabled, and AWS Backup needs it"
	}
	if found.Tags, err = tagsOf(ctx, client, name); err != nil {
		return found, err
	}
	if found.Settings, err = json.Marshal(Settings{Versioning: string(versioning.Status)}); err != nil {
		return found, failure.Errorf(failure.Internal, "record settings of bucket %s: %w", name, err)
	}
	return found, nil
}

// tagsOf returns no tags for a bucket without a tag set, which S3 calls an error.
func tagsOf(ctx context.Context, client api, name string) (map[string]string, error) {
	out, err := client.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &name})
	if err != nil && awserr.Code(err) != "NoSuchTagSet" {
		return nil, wrap("GetBucketTagging", err)
	}
	tags := map[string]string{}
	if err == nil {
		for _, tag := range out.TagSet {
			tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
	}
	return tags, nil
}
