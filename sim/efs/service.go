// Package efs simulates the control plane of Amazon Elastic File System that an inventory
// and a restore use: file systems with tags, mount targets and lifecycle rules. Backups
// and restores are AWS Backup's.
package efs

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"
	"github.com/aws/smithy-go"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// general is for operations without a documented rate, which are all of them.
var general = cloud.Bucket{Capacity: 50, Refill: 20}

// Service is the simulated EFS of an organization.
type Service struct {
	systems cloud.Store[*fileSystem]
	removed []*fileSystem // restored ones that are gone, for the judge
}

var _ cloud.Protectable = (*Service)(nil)

// New returns an EFS without file systems.
func New() *Service { return &Service{} }

// Definition returns what EFS is and can do here.
func (s *Service) Definition() cloud.Definition {
	return cloud.Definition{
		ID: efs.ServiceID, Name: "elasticfilesystem", Kinds: []resource.Kind{resource.EFS},
		ThrottleCode: "ThrottlingException", ThrottleStatus: http.StatusTooManyRequests,
		Operations: []cloud.Operation{
			cloud.Op(general, s.describeFileSystems),
			cloud.Op(general, s.describeMountTargets),
			cloud.Op(general, s.describeSecurityGroups),
			cloud.Op(general, s.createMountTarget),
			cloud.Op(general, s.describeLifecycle),
			cloud.Op(general, s.putLifecycle),
			cloud.Op(general, s.listTags),
			cloud.Op(general, s.tagResource),
		},
		Errors: []smithy.APIError{
			&types.FileSystemNotFound{}, &types.BadRequest{}, &types.IncorrectFileSystemLifeCycleState{},
			&types.MountTargetConflict{}, &types.MountTargetNotFound{}, &types.ThrottlingException{},
		},
	}
}

// Remove makes a file system vanish.
func (s *Service) Remove(c *cloud.Call, arn string) bool {
	f, ok := s.get(c, arn)
	if !ok {
		return false
	}
	s.systems.Delete(c.Place, f.id)
	f.deleted = c.Now
	if f.job != "" {
		s.removed = append(s.removed, f)
	}
	return true
}

// get returns a file system by id or ARN. A restore that failed leaves none.
func (s *Service) get(c *cloud.Call, given string) (*fileSystem, bool) {
	f, ok := s.systems.Get(c.Place, given[strings.LastIndexByte(given, '/')+1:])
	if !ok || f.creating.Failed(c.Now) {
		return nil, false
	}
	return f, true
}

func (s *Service) find(c *cloud.Call, given *string) (*fileSystem, error) {
	f, ok := s.get(c, aws.ToString(given))
	if !ok {
		return nil, &types.FileSystemNotFound{
			ErrorCode_: aws.String("FileSystemNotFound"), Message: aws.String("File system '" + aws.ToString(given) + "' does not exist."),
		}
	}
	return f, nil
}

// Artefacts returns the file systems AWS Backup made.
func (s *Service) Artefacts(now time.Time) []cloud.Artefact {
	var all []cloud.Artefact
	for _, f := range slices.Concat(s.systems.All(), s.removed) {
		if f.job == "" {
			continue
		}
		all = append(all, cloud.Artefact{
			Kind: resource.EFS, Operation: driver.Restore, Place: f.place, ID: f.job, ARN: f.arn, Source: f.source,
			Tags: f.tagsNow(), CreatedAt: f.creating.Start, DeletedAt: f.deleted, Failed: f.creating.Failed(now),
		})
	}
	return all
}
