package fsx

import (
	"cmp"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// copyBackup copies a backup of the same account into the region of the call.
// Source: https://docs.aws.amazon.com/fsx/latest/APIReference/API_CopyBackup.html
func (s *Service) copyBackup(c *cloud.Call, in *fsx.CopyBackupInput) (*fsx.CopyBackupOutput, error) {
	made, keep, err := s.once(c, "copy", in.ClientRequestToken, in)
	if err != nil {
		return nil, err
	}
	if b, ok := s.backups.Get(c.Place, made); ok {
		return &fsx.CopyBackupOutput{Backup: new(b.describe(c.Now))}, nil
	}
	from := cloud.Place{Account: c.Place.Account, Region: cmp.Or(aws.ToString(in.SourceRegion), c.Place.Region)}
	if !c.HasRegion(from.Region) {
		return nil, &types.InvalidRegion{Message: aws.String("there is no region " + from.Region)}
	}
	source, ok := s.backups.Get(from, aws.ToString(in.SourceBackupId))
	if !ok {
		return nil, noBackup(aws.ToString(in.SourceBackupId))
	}
	tags, err := copiedTags(source, in)
	if err != nil {
		return nil, err
	}
	key, err := keyHere(c, in.KmsKeyId)
	if err != nil {
		return nil, err
	}
	kind := string(kindOf(source.of.FileSystemType))
	switch {
	case source.lifecycle(c.Now) != types.BackupLifecycleAvailable:
		return nil, &types.SourceBackupUnavailable{
			Message: aws.String("the source backup is " + string(source.lifecycle(c.Now))), BackupId: &source.id,
		}
	case s.copying(c) >= c.Quota(copiesQuota):
		return nil, limitExceeded(types.ServiceLimitTotalInProgressCopyBackups)
	case s.full(c, source.of.FileSystemType):
		return nil, limitExceeded(types.ServiceLimitTotalUserInitiatedBackups)
	}
	b := newBackup(c, source.of, driver.Copy)
	b.source, b.key, b.tags = source, key, tags
	b.progress = c.Begin(kind, string(driver.Copy), b.id, outlast(c, "copy", b.id), "")
	source.copies, source.uses = append(source.copies, &b.progress), append(source.uses, &b.progress)
	s.backups.Put(c.Place, b.id, b)
	keep(b.id)
	return &fsx.CopyBackupOutput{Backup: new(b.describe(c.Now))}, nil
}

// copying counts the copies into a region, of whatever type: they share one quota.
func (s *Service) copying(c *cloud.Call) int {
	return c.InProgress(string(resource.FSxLustre), string(driver.Copy)) + c.InProgress(string(resource.FSxWindows), string(driver.Copy))
}

func copiedTags(source *backup, in *fsx.CopyBackupInput) (map[string]string, error) {
	tags := map[string]string{}
	if aws.ToBool(in.CopyTags) {
		maps.Copy(tags, source.tags)
	}
	more, err := tagsOf(in.Tags)
	maps.Copy(tags, more)
	if err == nil {
		err = tooMany(tags)
	}
	return tags, err
}

// keyHere returns the key to encrypt with: without one FSx's own. One named by an ARN of
// another region is refused.
func keyHere(c *cloud.Call, given *string) (string, error) {
	key := cmp.Or(aws.ToString(given), defaultKey(c))
	if strings.HasPrefix(key, "arn:") && !strings.Contains(key, ":kms:"+c.Place.Region+":") {
		return "", &types.InvalidDestinationKmsKey{Message: aws.String(key + " is not a key of " + c.Place.Region)}
	}
	return key, nil
}
