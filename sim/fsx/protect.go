package fsx

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

var _ cloud.Keeper = (*Service)(nil)

// backupType is AWS Backup's name of FSx's file systems, whatever their own type is.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupJob.html
const backupType = "FSx"

// keptByBackup refuses to delete what AWS Backup made.
// Source: https://docs.aws.amazon.com/fsx/latest/WindowsGuide/aws-backup-and-fsx.html
func keptByBackup(id string) error {
	return badRequest("the backup " + id + " was made by AWS Backup, which alone can delete it")
}

// Protect returns what AWS Backup sees of a file system.
func (s *Service) Protect(c *cloud.Call, arn string) (cloud.Protected, bool) {
	f, ok := s.systems.Get(c.Place, idOf(arn))
	if !ok {
		return cloud.Protected{}, false
	}
	of := cloud.Protected{
		Kind: kindOf(f.data.FileSystemType), Type: backupType, ARN: f.arn, Name: f.tags["Name"], Tags: maps.Clone(f.tags),
		SizeBytes: int64(*f.data.StorageCapacity) << 30, Encrypted: true, Key: aws.ToString(f.data.KmsKeyId), Metadata: f.metadata(),
	}
	if s.scratch(f) {
		of.Refusal = "Backups are not supported on scratch file systems"
	} else if s.linked(f) {
		of.Refusal = "Backups are not supported on file systems linked to a data repository"
	}
	return of, true
}

// metadata are what AWS Backup records of a file system: security groups are not among it.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-fsx.html
func (f *fileSystem) metadata() map[string]string {
	subnets, _ := json.Marshal(f.data.SubnetIds) // texts always encode
	return map[string]string{
		"FileSystemType": string(f.data.FileSystemType), "StorageCapacity": strconv.Itoa(int(*f.data.StorageCapacity)),
		"StorageType": string(f.data.StorageType), "VpcId": aws.ToString(f.data.VpcId), "KmsKeyId": aws.ToString(f.data.KmsKeyId),
		"SubnetIds": string(subnets),
	}
}

// Keep makes the backup that is a recovery point.
func (s *Service) Keep(c *cloud.Call, k cloud.Keep) (string, error) {
	b := newBackup(c, types.FileSystem{}, k.Operation)
	b.key, b.tags, b.progress, b.kept = k.Key, k.Tags, k.Progress, cloud.Kept{Vault: k.Vault}
	if k.From == "" {
		f, ok := s.systems.Get(c.Place, idOf(k.Of.ARN))
		if !ok {
			return "", noSystem(k.Of.ARN)
		}
		b.of = f.data
	} else {
		source, ok := s.keptBackup(k.From)
		if !ok {
			return "", noBackup(k.From)
		}
		b.of, b.source = source.of, source
	}
	s.backups.Put(c.Place, b.id, b)
	return b.arn, nil
}

// keptBackup finds a backup AWS Backup made by its ARN, wherever it is.
func (s *Service) keptBackup(arn string) (*backup, bool) {
	parsed, err := resource.ParseARN(arn)
	if err != nil {
		return nil, false
	}
	b, ok := s.backups.Get(cloud.Place{Account: parsed.Account, Region: parsed.Region}, idOf(arn))
	return b, ok && b.kept.By()
}

// KeptTags returns the tags of a recovery point.
func (s *Service) KeptTags(_ *cloud.Call, arn string) map[string]string {
	if b, ok := s.keptBackup(arn); ok {
		return maps.Clone(b.tags)
	}
	return nil
}

// Discard says when a recovery point ceases to exist.
func (s *Service) Discard(_ *cloud.Call, arn string, at time.Time) {
	if b, ok := s.keptBackup(arn); ok {
		b.kept.Gone = at
	}
}

// Rebuild makes a file system from a recovery point.
func (s *Service) Rebuild(c *cloud.Call, r cloud.Rebuild) (string, error) {
	b, ok := s.keptBackup(r.Point)
	if !ok {
		return "", noBackup(r.Point)
	}
	in := &fsx.CreateFileSystemFromBackupInput{BackupId: &b.id}
	if err := cloud.FillIn(in, r.Metadata, "FileSystemType", "VpcId"); err != nil {
		return "", err
	}
	f, err := s.rebuilt(c, b, in)
	if err != nil {
		return "", err
	}
	f.connect(c)
	f.source, f.job, f.creating = b, r.JobID, c.Within(r.Progress).Begin(string(r.Of.Kind), string(driver.Restore), f.id, 0, "")
	b.uses = append(b.uses, &f.creating)
	s.systems.Put(c.Place, f.id, f)
	return f.arn, nil
}

func idOf(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
