package rds

import (
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// copySnapshot is called in the destination region. An encrypted snapshot of another
// region needs a key of this one; copies of one instance's snapshots are made one after
// another.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html
func (s *Service) copySnapshot(c *cloud.Call, in *rds.CopyDBSnapshotInput) (*rds.CopyDBSnapshotOutput, error) {
	src, err := s.sourceOf(c, aws.ToString(in.SourceDBSnapshotIdentifier))
	if err != nil {
		return nil, err
	}
	if !src.progress.Succeeded(c.Now) {
		return nil, badSnapshotState(src.id, src.status(c.Now))
	}
	id, tags, err := s.newSnapshotID(c, "TargetDBSnapshotIdentifier", in.TargetDBSnapshotIdentifier, in.Tags)
	if err != nil {
		return nil, err
	}
	if aws.ToBool(in.CopyTags) && len(in.Tags) == 0 {
		tags = maps.Clone(src.tags)
	}
	abroad := src.place.Region != c.Place.Region
	key, err := keyOfCopy(c, src, aws.ToString(in.KmsKeyId), abroad)
	if err != nil {
		return nil, err
	}
	waitFor, running := s.copiesOf(c, *src.of.DBInstanceIdentifier)
	if running >= c.Quota(copiesQuota) {
		return nil, &types.SnapshotQuotaExceededFault{Message: aws.String("Too many snapshot copies are in progress in this region.")}
	}
	made := &snapshot{
		id: id, place: c.Place, operation: driver.Copy, source: src.arn, of: src.of, ofTags: src.ofTags,
		arn: c.ARN("rds", "snapshot:"+id), tags: tags, encrypted: key != "", key: key, sourceArn: aws.String(src.arn), created: c.Now,
	}
	if abroad {
		made.from = aws.String(src.place.Region)
	}
	took := snapshotTime(c, made) * 3 / 2
	made.progress = c.Begin(string(resource.RDS), string(driver.Copy), id, waitFor+took, "")
	made.progress.Start = c.Now.Add(waitFor)
	s.snapshots.Put(c.Place, id, made)
	d := made.describe(c.Now)
	return &rds.CopyDBSnapshotOutput{DBSnapshot: &d}, nil
}

// sourceOf finds the source by identifier in the call's region, or by ARN anywhere in
// the account.
func (s *Service) sourceOf(c *cloud.Call, given string) (*snapshot, error) {
	place, id := c.Place, strings.ToLower(given)
	if strings.HasPrefix(given, "arn:") {
		parsed, err := resource.ParseARN(given)
		kind, name := splitARN(given)
		if err != nil || kind != "snapshot" {
			return nil, cloud.Errorf("InvalidParameterValue", "Invalid source snapshot ARN: %q", given)
		}
		place, id = cloud.Place{Account: parsed.Account, Region: parsed.Region}, name
	}
	if place.Account != c.Place.Account {
		return nil, cloud.Errorf("UnsupportedOperation", "the simulated organization does not share DB snapshots between accounts")
	}
	src, ok := s.snapshots.Get(place, id)
	if !ok {
		return nil, noSnapshot(id)
	}
	return src, nil
}

// keyOfCopy returns the key a copy is encrypted with, empty for none.
func keyOfCopy(c *cloud.Call, src *snapshot, wanted string, abroad bool) (string, error) {
	if wanted == "" {
		if src.encrypted && abroad {
			return "", cloud.Errorf("InvalidParameterCombination", "An encrypted snapshot of another region needs a KmsKeyId of this region.")
		}
		return src.key, nil
	}
	if strings.HasPrefix(wanted, "arn:") && !strings.Contains(wanted, ":kms:"+c.Place.Region+":") {
		return "", &types.KMSKeyNotAccessibleFault{Message: aws.String("The specified KMS key " + wanted + " is not accessible in this region.")}
	}
	return wanted, nil
}

// copiesOf returns how many copies are in progress in the call's region, and how long a
// new copy for an instance has to wait for the others of it.
func (s *Service) copiesOf(c *cloud.Call, instanceID string) (wait time.Duration, running int) {
	for _, o := range s.snapshots.Unordered(c.Place) {
		if o.operation != driver.Copy || !o.progress.Running(c.Now) {
			continue
		}
		running++
		if *o.of.DBInstanceIdentifier == instanceID {
			wait = max(wait, o.progress.End.Sub(c.Now))
		}
	}
	return wait, running
}
