// Package dynamodb simulates the control plane of Amazon DynamoDB that backups use:
// tables with their settings, on-demand backups and restores. Its one quota by name is
// "dynamodb:restores" (50 in progress per region).
package dynamodb

import (
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// The rates DynamoDB documents with each operation, calls per second.
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html
var (
	fifty = cloud.Bucket{Capacity: 50, Refill: 50}
	ten   = cloud.Bucket{Capacity: 10, Refill: 10}
	five  = cloud.Bucket{Capacity: 5, Refill: 5}
	// general is for operations without a documented rate.
	general = cloud.Bucket{Capacity: 100, Refill: 50}
)

// Service is the simulated Amazon DynamoDB of an organization.
type Service struct {
	tables  cloud.Store[*table]
	backups cloud.Store[*backup] // by ARN
	// deleted and removed keep what is gone, for the judge.
	deleted []*backup
	removed []*table
}

// New returns a DynamoDB without tables.
func New() *Service { return &Service{} }

// Definition returns what DynamoDB is and can do here.
func (s *Service) Definition() cloud.Definition {
	return cloud.Definition{
		ID: dynamodb.ServiceID, Name: "dynamodb", Kinds: []resource.Kind{resource.DynamoDB},
		ThrottleCode: "ThrottlingException", ThrottleStatus: http.StatusBadRequest,
		Quotas: map[string]int{restoresQuota: 50},
		Operations: []cloud.Operation{
			cloud.Op(general, s.listTables),
			cloud.Op(general, s.describeTable),
			cloud.Op(general, s.describeTimeToLive),
			cloud.Op(general, s.updateTable),
			cloud.Op(general, s.updateTimeToLive),
			cloud.Op(general, s.deleteTable),
			cloud.Op(ten, s.describeContinuousBackups),
			cloud.Op(ten, s.updateContinuousBackups),
			cloud.Op(ten, s.listTags),
			cloud.Op(five, s.tagResource),
			cloud.Op(fifty, s.createBackup),
			cloud.Op(ten, s.describeBackup),
			cloud.Op(five, s.listBackups),
			cloud.Op(ten, s.deleteBackup),
			cloud.Op(ten, s.restoreTable),
			cloud.Op(ten, s.restoreMoment),
		},
		Errors: []smithy.APIError{
			&types.TableNotFoundException{}, &types.TableAlreadyExistsException{}, &types.TableInUseException{},
			&types.ResourceNotFoundException{}, &types.ResourceInUseException{}, &types.BackupNotFoundException{},
			&types.BackupInUseException{}, &types.LimitExceededException{},
			&types.PointInTimeRecoveryUnavailableException{}, &types.InvalidRestoreTimeException{},
		},
	}
}

// Remove makes a table or backup vanish.
func (s *Service) Remove(c *cloud.Call, arn string) bool {
	if b, ok := s.backups.Get(c.Place, arn); ok {
		s.dropBackup(c, b)
		return true
	}
	t, ok := s.get(c, tableName(&arn))
	if ok {
		s.dropTable(c, t)
	}
	return ok
}

// tableName accepts a name or an ARN, as the API does.
func tableName(given *string) string {
	name := aws.ToString(given)
	if strings.HasPrefix(name, "arn:") {
		_, name, _ = strings.Cut(name, ":table/")
		name, _, _ = strings.Cut(name, "/")
	}
	return name
}

func noTable(name string) error {
	return &types.ResourceNotFoundException{Message: aws.String("Requested resource not found: Table: " + name + " not found")}
}

func validation(format string, args ...any) error {
	return cloud.Errorf("ValidationException", format, args...)
}
