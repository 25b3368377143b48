// Package s3 simulates what an inventory of Amazon S3 and a restore by AWS Backup use:
// buckets with tags and versioning. Objects are not simulated. A bucket answers in its own
// region only, as S3 does.
package s3

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// maxPage is the most buckets one page has.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
const maxPage = 10_000

// general is for operations without a documented rate.
var general = cloud.Bucket{Capacity: 200, Refill: 100}

// Service is the simulated S3 of an organization.
type Service struct {
	buckets  cloud.Store[*bucket] // by place and name
	restores []restore
}

var _ cloud.Protectable = (*Service)(nil)

type bucket struct {
	name      string
	place     cloud.Place
	partition string
	tags      map[string]string
	versioned bool
	size      int64
	created   time.Time
}

// restore is what AWS Backup put into a bucket.
type restore struct {
	job      string
	into     *bucket
	source   string
	progress cloud.Progress
}

// New returns an S3 without buckets.
func New() *Service { return &Service{} }

// Definition returns what S3 is and can do here.
func (s *Service) Definition() cloud.Definition {
	return cloud.Definition{
		ID: s3.ServiceID, Name: "s3", Kinds: []resource.Kind{resource.S3},
		ThrottleCode: "SlowDown", ThrottleStatus: http.StatusServiceUnavailable,
		Operations: []cloud.Operation{
			cloud.Op(general, s.listBuckets), cloud.Op(general, s.getTagging), cloud.Op(general, s.getVersioning),
		},
	}
}

func (b *bucket) arn() string { return "arn:" + b.partition + ":s3:::" + b.name }

// Create puts a bucket into the organization. An odd one has no versioning, without which
// AWS Backup cannot back it up.
func (s *Service) Create(c *cloud.Call, b cloud.Blueprint) (string, error) {
	made := &bucket{
		name: cmp.Or(strings.ToLower(b.Name), "bucket") + "-" + c.NewID("", 8), place: c.Place, partition: c.Partition,
		tags: maps.Clone(b.Tags), versioned: !b.Odd, size: int64(cmp.Or(b.SizeGiB, 1)) << 30, created: c.Now.AddDate(-1, 0, 0),
	}
	s.buckets.Put(c.Place, made.name, made)
	return made.arn(), nil
}

// Remove makes a bucket vanish, wherever it is: its ARN does not say.
func (s *Service) Remove(_ *cloud.Call, arn string) bool {
	for _, b := range s.buckets.All() {
		if b.arn() == arn {
			s.buckets.Delete(b.place, b.name)
			return true
		}
	}
	return false
}

// find returns a bucket of the call's account in the call's region.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html
func (s *Service) find(c *cloud.Call, name *string) (*bucket, error) {
	if b, ok := s.buckets.Get(c.Place, aws.ToString(name)); ok {
		return b, nil
	}
	for _, b := range s.buckets.All() {
		if b.name == aws.ToString(name) && b.place.Account == c.Place.Account {
			return nil, cloud.WithStatus(cloud.Errorf("PermanentRedirect", "the bucket is in %s", b.place.Region), http.StatusMovedPermanently)
		}
	}
	return nil, cloud.WithStatus(cloud.Errorf("NoSuchBucket", "The specified bucket does not exist"), http.StatusNotFound)
}

// listBuckets lists the account's buckets of one region, or of all.
func (s *Service) listBuckets(c *cloud.Call, in *s3.ListBucketsInput) (*s3.ListBucketsOutput, error) {
	var seen []*bucket
	for _, b := range s.buckets.All() {
		if b.place.Account == c.Place.Account && (in.BucketRegion == nil || *in.BucketRegion == b.place.Region) {
			seen = append(seen, b)
		}
	}
	slices.SortFunc(seen, func(a, b *bucket) int { return cmp.Compare(a.name, b.name) })
	limit := int(cmp.Or(aws.ToInt32(in.MaxBuckets), maxPage))
	page, next, err := cloud.Page(seen, func(b *bucket) string { return b.name }, aws.ToString(in.ContinuationToken), limit)
	if err != nil {
		return nil, err
	}
	out := &s3.ListBucketsOutput{}
	for _, b := range page {
		out.Buckets = append(out.Buckets, types.Bucket{Name: &b.name, BucketRegion: &b.place.Region, BucketArn: aws.String(b.arn()), CreationDate: &b.created})
	}
	if next != "" {
		out.ContinuationToken = &next
	}
	return out, nil
}

func (s *Service) getTagging(c *cloud.Call, in *s3.GetBucketTaggingInput) (*s3.GetBucketTaggingOutput, error) {
	b, err := s.find(c, in.Bucket)
	switch {
	case err != nil:
		return nil, err
	case len(b.tags) == 0:
		return nil, cloud.WithStatus(cloud.Errorf("NoSuchTagSet", "The TagSet does not exist"), http.StatusNotFound)
	}
	out := &s3.GetBucketTaggingOutput{}
	for _, key := range slices.Sorted(maps.Keys(b.tags)) {
		out.TagSet = append(out.TagSet, types.Tag{Key: aws.String(key), Value: aws.String(b.tags[key])})
	}
	return out, nil
}

// getVersioning says nothing of a bucket that never had versioning.
func (s *Service) getVersioning(c *cloud.Call, in *s3.GetBucketVersioningInput) (*s3.GetBucketVersioningOutput, error) {
	b, err := s.find(c, in.Bucket)
	if err != nil {
		return nil, err
	}
	out := &s3.GetBucketVersioningOutput{}
	if b.versioned {
		out.Status = types.BucketVersioningStatusEnabled
	}
	return out, nil
}

// Protect returns what AWS Backup sees of a bucket.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/s3-backups.html
func (s *Service) Protect(c *cloud.Call, arn string) (cloud.Protected, bool) {
	b, ok := s.buckets.Get(c.Place, arn[strings.LastIndexByte(arn, ':')+1:])
	if !ok {
		return cloud.Protected{}, false
	}
	p := cloud.Protected{
		Kind: resource.S3, Type: "S3", ARN: b.arn(), Name: b.name, SizeBytes: b.size, Tags: maps.Clone(b.tags),
		Metadata: map[string]string{"SourceBucketName": b.name},
	}
	if !b.versioned {
		p.Refusal = "Versioning must be enabled on the bucket"
	}
	return p, true
}

// Rebuild restores into an existing bucket with versioning.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-s3.html
func (s *Service) Rebuild(c *cloud.Call, r cloud.Rebuild) (string, error) {
	b, err := s.find(c, aws.String(r.Metadata["DestinationBucketName"]))
	switch {
	case err != nil:
		return "", err
	case !b.versioned:
		return "", cloud.Errorf("InvalidParameterValueException", "versioning must be enabled on %s", b.name)
	}
	s.restores = append(s.restores, restore{job: r.JobID, into: b, source: r.Of.ARN, progress: r.Progress})
	return b.arn(), nil
}

// Artefacts returns what was restored; buckets themselves are made by nobody here.
func (s *Service) Artefacts(now time.Time) []cloud.Artefact {
	var all []cloud.Artefact
	for _, r := range s.restores {
		all = append(all, cloud.Artefact{
			Kind: resource.S3, Operation: driver.Restore, Place: r.into.place, ID: r.job, ARN: r.into.arn(), Source: r.source,
			CreatedAt: r.progress.Start, Failed: r.progress.Failed(now),
		})
	}
	return all
}
