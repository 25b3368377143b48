package scheduled

import (
	"bytes"
	"context"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"holdfast/failure"
	"holdfast/internal/awserr"
)

// putCodes are what PutObject can answer that the shared table does not know.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
var putCodes = awserr.Table{
	"NoSuchBucket": failure.NotFound, "PermanentRedirect": failure.Invalid, "AuthorizationHeaderMalformed": failure.Invalid,
	"ConditionalRequestConflict": failure.Transient, "KMS.DisabledException": failure.KMS,
}

// taken is what S3 answers when the object is there already.
const taken = "PreconditionFailed"

// Bucket is a bucket of S3, with a prefix for all keys.
type Bucket struct {
	client       *s3.Client
	name, prefix string
}

var _ Place = (*Bucket)(nil)

// NewBucket returns the bucket called name, used with the credentials of cfg.
func NewBucket(cfg aws.Config, name, prefix string) *Bucket {
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil })
	return &Bucket{client: client, name: name, prefix: strings.Trim(prefix, "/")}
}

// Put implements Place: S3 keeps the object only if there is none of that key.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
func (b *Bucket) Put(ctx context.Context, name string, data []byte, mediaType string) (string, error) {
	key := path.Join(b.prefix, name)
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: &key, Body: bytes.NewReader(data), ContentType: &mediaType, IfNoneMatch: aws.String("*"),
	})
	if awserr.Code(err) == taken {
		err = nil
	}
	return "s3://" + b.name + "/" + key, awserr.Wrap("s3:PutObject", err, putCodes)
}
