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
	src, err := sourceOf(c, &s.snapshots, "snapshot", aws.ToString(in.SourceDBSnapshotIdentifier), noSnapshot)
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
	key, err := src.keyOfCopy(c, aws.ToString(in.KmsKeyId))
	if err != nil {
		return nil, err
	}
	group, err := optionGroupOfCopy(c, src, in.OptionGroupName)
	if err != nil {
		return nil, err
	}
	waitFor, running := s.copiesOf(c, *src.of.DBInstanceIdentifier)
	if running >= c.Quota(copiesQuota) {
		return nil, &types.SnapshotQuotaExceededFault{Message: aws.String("Too many snapshot copies are in progress in this region.")}
	}
	made := &snapshot{of: src.of, manual: src.copied(c, "snapshot:", id, key, tags)}
	made.of.OptionGroupMemberships = group
	took := snapshotTime(c, id, aws.ToInt32(src.of.AllocatedStorage)) * 3 / 2
	made.progress = c.Begin(string(resource.RDS), string(driver.Copy), id, waitFor+took, "")
	made.progress.Start = c.Now.Add(waitFor)
	s.snapshots.Put(c.Place, id, made)
	d := made.describe(c.Now)
	return &rds.CopyDBSnapshotOutput{DBSnapshot: &d}, nil
}

// optionGroupOfCopy wants an option group of the destination wherever the source has
// another than the default and the copy goes elsewhere.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html#USER_CopySnapshot.Options
func optionGroupOfCopy(c *cloud.Call, src *snapshot, given *string) ([]types.OptionGroupMembership, error) {
	if given != nil {
		return optionGroups(*given), nil
	}
	for _, group := range src.of.OptionGroupMemberships {
		if src.place != c.Place && !strings.HasPrefix(aws.ToString(group.OptionGroupName), "default:") {
			return nil, cloud.Errorf("InvalidParameterCombination", "The snapshot has the option group %s: specify an option group of the destination.", aws.ToString(group.OptionGroupName))
		}
	}
	return src.of.OptionGroupMemberships, nil
}

func optionGroups(name string) []types.OptionGroupMembership {
	return []types.OptionGroupMembership{{OptionGroupName: &name, Status: aws.String("in-sync")}}
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
