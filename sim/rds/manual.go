package rds

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// manual is what manual snapshots of instances and of clusters have in common.
type manual struct {
	id        string
	place     cloud.Place
	operation driver.Operation
	source    string // ARN of the resource or snapshot it was made from
	ofTags    map[string]string
	arn       string
	tags      map[string]string
	encrypted bool
	key       string
	from      *string // SourceRegion of a copy
	shared    map[string]bool
	created   time.Time
	progress  cloud.Progress
	deleted   time.Time
	kept      cloud.Kept
}

// typeOf is what AWS calls the type of snapshot: those AWS Backup makes have one of their own.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBSnapshots.html
func (m *manual) typeOf() string {
	if m.kept.By() {
		return "awsbackup"
	}
	return "manual"
}

// manuals counts the snapshots in a place that count against the quota of manual ones.
func manuals[T anySnapshot](in *cloud.Store[T], place cloud.Place) (n int) {
	for _, snap := range in.Unordered(place) {
		if !snap.base().kept.By() {
			n++
		}
	}
	return n
}

// base returns m itself, for code that works on either type of snapshot.
func (m *manual) base() *manual { return m }

type anySnapshot interface{ base() *manual }

func (m *manual) status(now time.Time) string {
	switch {
	case m.progress.Failed(now):
		return "failed"
	case m.progress.Succeeded(now):
		return "available"
	case m.operation == driver.Copy:
		return "copying"
	default:
		return "creating"
	}
}

// percent is 0 for a copy that waits behind another of the same source.
func (m *manual) percent(now time.Time) int {
	if now.Before(m.progress.Start) {
		return 0
	}
	return m.progress.Percent(now)
}

// copyOf returns the ARN of the snapshot this is a copy of, nil for others.
func (m *manual) copyOf() *string {
	if m.operation != driver.Copy {
		return nil
	}
	return aws.String(m.source)
}

// copied is a copy of m in the place of the call, with a type of ARN such as "snapshot:".
// Who may have the source may not have the copy.
func (m *manual) copied(c *cloud.Call, arnType, id, key string, tags map[string]string) manual {
	made := manual{
		id: id, place: c.Place, operation: driver.Copy, source: m.arn, ofTags: m.ofTags, arn: c.ARN("rds", arnType+id),
		tags: tags, encrypted: key != "", key: key, created: c.Now,
	}
	if m.place.Region != c.Place.Region {
		made.from = aws.String(m.place.Region)
	}
	return made
}

// keyOfCopy returns the key a copy in the place of the call is encrypted with, empty for
// none. An encrypted snapshot of another region or account needs one of the destination.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html#USER_CopySnapshot.Encryption
func (m *manual) keyOfCopy(c *cloud.Call, wanted string) (string, error) {
	if m.encrypted && m.place.Account != c.Place.Account && cloud.AWSManaged(m.key) {
		return "", noKey(m.key)
	}
	if wanted == "" {
		if m.encrypted && m.place != c.Place {
			return "", cloud.Errorf("InvalidParameterCombination", "An encrypted snapshot of another region or account needs a KmsKeyId of this one.")
		}
		return m.key, nil
	}
	if wanted = c.KeyARN(wanted); !c.ReachableKey(wanted) {
		return "", noKey(wanted)
	}
	return wanted, nil
}

func noKey(key string) error {
	return &types.KMSKeyNotAccessibleFault{Message: aws.String("The specified KMS key [" + key + "] does not exist, is not enabled or you do not have permissions to access it.")}
}

// keyOf returns the key of a resource that is created encrypted.
func keyOf(c *cloud.Call, b cloud.Blueprint) *string {
	if b.CustomerKey {
		return aws.String(c.KeyARN("customer"))
	}
	return aws.String(c.KeyARN("alias/aws/rds"))
}

// sourceOf finds a snapshot by identifier in the place of the call, or by ARN anywhere in
// the account and wherever it is shared with the account.
func sourceOf[T anySnapshot](c *cloud.Call, in *cloud.Store[T], arnType, given string, missing func(string) error) (T, error) {
	var none T
	place, id := c.Place, strings.ToLower(given)
	if strings.HasPrefix(given, "arn:") {
		parsed, err := resource.ParseARN(given)
		kind, name := splitARN(given)
		if err != nil || kind != arnType {
			return none, cloud.Errorf("InvalidParameterValue", "Invalid source snapshot ARN: %q", given)
		}
		place, id = cloud.Place{Account: parsed.Account, Region: parsed.Region}, name
	}
	src, ok := in.Get(place, id)
	if !ok || place.Account != c.Place.Account && !src.base().shared[c.Place.Account] {
		return none, missing(id)
	}
	return src, nil
}
