// Package ec2calls has what drivers that call Amazon EC2 share: tags, filters, calls that
// must not be repeated, and the choice between artefacts of one mark.
package ec2calls

import (
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/abroad"
	"holdfast/failure"
	"holdfast/internal/awserr"
)

// MaxFilterValues is how many values one filter of a Describe call may have.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
const MaxFilterValues = 200

// Settle is how long EC2's reads may miss what was just made. AWS gives no figure; two
// minutes is well beyond the delays it describes.
// Source: https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
const Settle = 120 * time.Second

// TokenKnown is how long a call is repeated with its ClientToken. AWS gives a figure for
// RunInstances alone, at least 24 hours; ten minutes outlast what interrupts a call.
// Source: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
const TokenKnown = 10 * time.Minute

// Once keeps the SDK from repeating a call whose outcome is unknown and that has no
// token, so that the repetition would make a second thing.
func Once(o *ec2.Options) { o.Retryer = awserr.OnlyThrottles(o.Retryer) }

// FromTags returns EC2's tags as a map.
func FromTags(tags []types.Tag) map[string]string {
	out := make(map[string]string, len(tags))
	for _, tag := range tags {
		out[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return out
}

// tagBackup is the system tag of what AWS Backup made. Such a snapshot or image is that
// engine's, whatever other tags it has.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/tags-on-backups.html
const tagBackup = "aws:backup:source-resource"

// MarkOf returns the mark among the tags of a snapshot or image that EC2 itself was asked
// for; ok is false for any other.
func MarkOf(tags []types.Tag) (mark driver.Mark, ok bool) {
	all := FromTags(tags)
	if _, theirs := all[tagBackup]; theirs {
		return driver.Mark{}, false
	}
	return driver.MarkFromTags(all)
}

// Tagged tags things of one type in the call that makes them. Keys are sorted, because a
// call repeated with its token must have the same parameters as the first.
func Tagged(of types.ResourceType, tags map[string]string) types.TagSpecification {
	spec := types.TagSpecification{ResourceType: of}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		spec.Tags = append(spec.Tags, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return spec
}

// Filter returns a filter of a Describe call.
func Filter(name string, values ...string) types.Filter {
	return types.Filter{Name: aws.String(name), Values: values}
}

// ByMark returns the filters that find what carries mark in its tags.
func ByMark(mark driver.Mark) []types.Filter {
	return []types.Filter{
		Filter("tag:"+driver.TagJob, mark.JobID),
		Filter("tag:"+driver.TagInstallation, mark.Installation),
	}
}

// Oldest keeps the oldest of the things offered to it: should two carry one mark, the
// older one is the artefact. Its zero value has none.
type Oldest struct {
	ID string
	at time.Time
}

// Offer offers the thing with an id that was made at an instant.
func (o *Oldest) Offer(id string, at time.Time) {
	if o.ID == "" || at.Before(o.at) || at.Equal(o.at) && id < o.ID {
		o.ID, o.at = id, at
	}
}

// Ref returns the one kept, or an error of class not_found that nothing of the request's
// job was offered.
func (o *Oldest) Ref(req driver.FindRequest) (driver.Ref, error) {
	if o.ID == "" {
		return "", failure.Errorf(failure.NotFound, "no %s of job %s is visible in %s",
			req.Operation, req.Mark.JobID, req.Scope.Region)
	}
	return driver.Ref(o.ID), nil
}

// Description tells whoever meets an artefact in the console where it comes from. It has
// at most 255 bytes, which is what EC2 takes.
func Description(mark driver.Mark) *string {
	const maxDescriptionBytes = 255
	text := "Holdfast job " + mark.JobID + " of " + mark.SourceARN
	return aws.String(text[:min(len(text), maxDescriptionBytes)])
}

// SnapshotPermission changes who may copy a snapshot and make volumes of it.
func SnapshotPermission(snapshot string, change abroad.Change) *ec2.ModifySnapshotAttributeInput {
	in := &ec2.ModifySnapshotAttributeInput{
		SnapshotId: aws.String(snapshot), Attribute: types.SnapshotAttributeNameCreateVolumePermission,
		OperationType: types.OperationTypeAdd, UserIds: change.Add,
	}
	if len(change.Remove) > 0 {
		in.OperationType, in.UserIds = types.OperationTypeRemove, change.Remove
	}
	return in
}

// WrapShare wraps what ModifySnapshotAttribute answered, by the codes of a driver.
// Source: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html
func WrapShare(err error, codes awserr.Table) error {
	// Snapshots that are encrypted with the default key are not for sharing.
	return awserr.Wrap("ec2:ModifySnapshotAttribute", err, awserr.Table{"OperationNotPermitted": failure.KMS}, codes)
}
