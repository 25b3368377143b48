// Package fsx simulates the part of Amazon FSx that backups of Lustre and Windows file
// systems use: file systems, backups, copies and restores, with tags.
//
// What it keeps to, from https://docs.aws.amazon.com/fsx/latest/:
//   - a repeated client request token answers with what the first call made, and refuses
//     other parameters (APIReference/API_CreateBackup, API_CreateFileSystemFromBackup);
//   - scratch file systems and those linked to a data repository have no backups
//     (LustreGuide/using-backups-fsx);
//   - one backup of a file system at a time (APIReference/API_CreateBackup);
//   - one unknown id fails a whole DescribeBackups (APIReference/API_DescribeBackups);
//   - a copy stays in its account and is made of an available backup, five at a time into a
//     region, and its source cannot be deleted meanwhile (LustreGuide/copy-backups);
//   - a restored file system has the type, capacity and throughput of the backed up one,
//     and joins a directory of the same kind (LustreGuide/restoring-backups,
//     WindowsGuide/restoring-backups);
//   - what AWS Backup made is of a type of its own, counts like any other backup, and is
//     deleted by AWS Backup alone (WindowsGuide/aws-backup-and-fsx).
//
// Its quotas by name are "fsx:backups" (500 a type, region and account; LustreGuide/limits,
// WindowsGuide/limits), "fsx:backup-copies" (5) and "fsx:file-systems" (100 a type).
package fsx

import (
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"
	"github.com/aws/smithy-go"

	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// FSx documents no rates; these are cautious guesses.
var (
	changes = cloud.Bucket{Capacity: 20, Refill: 5}
	reads   = cloud.Bucket{Capacity: 40, Refill: 10}
)

// The names of the quotas.
const (
	backupsQuota = "fsx:backups"
	copiesQuota  = "fsx:backup-copies"
	systemsQuota = "fsx:file-systems"
)

// Service is the simulated FSx of an organization.
type Service struct {
	systems      cloud.Store[*fileSystem]
	backups      cloud.Store[*backup]
	associations cloud.Store[*types.DataRepositoryAssociation]
	tokens       cloud.Store[tokenUse]
	// removed and deleted keep what is gone, for the judge.
	removed []*fileSystem
	deleted []*backup
}

var _ cloud.Networked = (*Service)(nil)

// New returns an FSx without file systems.
func New() *Service { return &Service{} }

// Definition returns what FSx is and can do here.
func (s *Service) Definition() cloud.Definition {
	return cloud.Definition{
		ID: fsx.ServiceID, Name: "fsx", Kinds: []resource.Kind{resource.FSxLustre, resource.FSxWindows},
		ThrottleCode: "ThrottlingException", ThrottleStatus: http.StatusBadRequest,
		Quotas: map[string]int{backupsQuota: 500, copiesQuota: 5, systemsQuota: 100},
		Operations: []cloud.Operation{
			cloud.Op(reads, s.describeFileSystems), cloud.Op(changes, s.createFileSystem),
			cloud.Op(changes, s.restoreFileSystem), cloud.Op(changes, s.deleteFileSystem),
			cloud.Op(reads, s.describeAssociations), cloud.Op(changes, s.createAssociation),
			cloud.Op(changes, s.createBackup), cloud.Op(reads, s.describeBackups),
			cloud.Op(changes, s.copyBackup), cloud.Op(changes, s.deleteBackup),
			cloud.Op(reads, s.listTags), cloud.Op(changes, s.tagResource),
		},
		Errors: []smithy.APIError{
			&types.ActiveDirectoryError{}, &types.BackupBeingCopied{}, &types.BackupInProgress{}, &types.BackupNotFound{},
			&types.BackupRestoring{}, &types.BadRequest{}, &types.FileSystemNotFound{}, &types.IncompatibleParameterError{},
			&types.InvalidDestinationKmsKey{}, &types.InvalidNetworkSettings{}, &types.InvalidPerUnitStorageThroughput{},
			&types.InvalidRegion{}, &types.MissingFileSystemConfiguration{}, &types.ResourceNotFound{},
			&types.ServiceLimitExceeded{}, &types.SourceBackupUnavailable{}, &types.UnsupportedOperation{},
		},
	}
}

// Remove makes a file system or a backup vanish; AWS Backup's are not FSx's to remove.
func (s *Service) Remove(c *cloud.Call, arn string) bool {
	id := arn[strings.LastIndexByte(arn, '/')+1:]
	if b, ok := s.backups.Get(c.Place, id); ok {
		if b.kept.By() {
			return false
		}
		s.dropBackup(c, b)
		return true
	}
	f, ok := s.systems.Get(c.Place, id)
	if ok {
		s.dropSystem(c, f)
	}
	return ok
}

// Interfaces returns the network interfaces of the file systems in a place.
func (s *Service) Interfaces(p cloud.Place) []cloud.Interface {
	var all []cloud.Interface
	for _, f := range s.systems.In(p) {
		for _, id := range f.data.NetworkInterfaceIds {
			all = append(all, cloud.Interface{ID: id, SubnetID: f.data.SubnetIds[0], VPCID: aws.ToString(f.data.VpcId), Groups: f.groups})
		}
	}
	return all
}

func kindOf(t types.FileSystemType) resource.Kind {
	if t == types.FileSystemTypeWindows {
		return resource.FSxWindows
	}
	return resource.FSxLustre
}

func badRequest(message string) error { return &types.BadRequest{Message: &message} }

func limitExceeded(limit types.ServiceLimit) error {
	return &types.ServiceLimitExceeded{Message: aws.String("the account has reached its limit " + string(limit)), Limit: limit}
}

// pageOf cuts a page as FSx does, whose own maximum is not documented.
func pageOf[T any](items []T, key func(T) string, token *string, asked *int32) (page []T, next *string, err error) {
	const most = 100
	limit := most
	if asked != nil {
		if *asked < 1 {
			return nil, nil, badRequest("MaxResults must be greater than 0")
		}
		limit = min(int(*asked), most)
	}
	page, after, err := cloud.Page(items, key, aws.ToString(token), limit)
	if after != "" {
		next = &after
	}
	return page, next, err
}

// outlast is how long operations of the kinds take.
func outlast(c *cloud.Call, what, id string) time.Duration {
	return c.Between(5*time.Minute, 25*time.Minute, what, id)
}
