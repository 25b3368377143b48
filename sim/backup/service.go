// Package backup simulates AWS Backup: vaults with locks and legal holds, backup, copy and
// restore jobs that take their time, recovery points that are deleted asynchronously. The
// resources themselves are other services' (cloud.Protectable).
//
// What it keeps to, from https://docs.aws.amazon.com/aws-backup/latest/devguide/:
//   - a repeated idempotency token answers with the first job (API_StartBackupJob);
//   - jobs of one resource run one after another, the others wait in CREATED until their
//     start window ends and they are EXPIRED (aws-backup-limits, API_BackupJob);
//   - a copy job is started in the source's account and region (API_StartCopyJob), and the
//     copy has the tags of its source (tags-on-backups);
//   - a source's tags come along, and more than 50 fail the job (tags-on-backups);
//   - a retention outside a vault's lock fails the job (vault-lock);
//   - what a service encrypted with a key of AWS's own is not copied to another account, nor
//     what services make into a vault with such a key (create-cross-account-backup);
//   - DeleteRecoveryPoint answers before it is done, and what it cannot delete becomes
//     EXPIRED (API_DeleteRecoveryPoint, deleting-backups).
//
// Points of types under full management are AWS Backup's own, with its tags; those of
// others are artefacts of the resource's service (cloud.Keeper), which alone has their tags.
// Copies between accounts of the organization are allowed, as if every vault's policy did.
package backup

import (
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/aws/smithy-go"

	"holdfast/sim/internal/cloud"
)

// AWS Backup documents no rates; these are cautious guesses.
var (
	starts = cloud.Bucket{Capacity: 20, Refill: 5}
	reads  = cloud.Bucket{Capacity: 40, Refill: 10}
)

// Service is the simulated AWS Backup of an organization.
type Service struct {
	vaults   cloud.Store[*vault]      // by name
	points   cloud.Store[*point]      // by ARN, gone ones too
	jobs     cloud.Store[*backupJob]  // by id
	copies   cloud.Store[*copyJob]    // by id, where they were started
	restores cloud.Store[*restoreJob] // by id
	tokens   cloud.Store[string]      // operation and token to job id
	settings cloud.Store[bool]        // management preference by type
}

// New returns an AWS Backup without vaults.
func New() *Service { return &Service{} }

// Definition returns what AWS Backup is and can do here.
func (s *Service) Definition() cloud.Definition {
	return cloud.Definition{
		ID: backup.ServiceID, Name: "backup",
		ThrottleCode: "ThrottlingException", ThrottleStatus: http.StatusTooManyRequests,
		Operations: []cloud.Operation{
			cloud.Op(starts, s.createVault), cloud.Op(reads, s.describeVault), cloud.Op(reads, s.listVaults),
			cloud.Op(reads, s.describeSettings), cloud.Op(starts, s.updateSettings), cloud.Op(starts, s.lockVault), cloud.Op(starts, s.createLegalHold),
			cloud.Op(starts, s.startBackup), cloud.Op(reads, s.describeBackup), cloud.Op(reads, s.listBackups), cloud.Op(starts, s.stopBackup),
			cloud.Op(starts, s.startCopy), cloud.Op(reads, s.describeCopy), cloud.Op(reads, s.listCopies),
			cloud.Op(starts, s.startRestore), cloud.Op(reads, s.describeRestore), cloud.Op(reads, s.listRestores),
			cloud.Op(reads, s.describePoint), cloud.Op(reads, s.listPoints), cloud.Op(reads, s.restoreMetadata),
			cloud.Op(starts, s.updateLifecycle), cloud.Op(starts, s.deletePoint),
			cloud.Op(reads, s.listTags), cloud.Op(starts, s.tagResource),
		},
		Errors: []smithy.APIError{
			&types.AlreadyExistsException{}, &types.InvalidParameterValueException{}, &types.InvalidRequestException{},
			&types.InvalidResourceStateException{}, &types.LimitExceededException{}, &types.MissingParameterValueException{},
			&types.ResourceNotFoundException{},
		},
	}
}

// Create knows no kind: its resources are other services'.
func (s *Service) Create(_ *cloud.Call, b cloud.Blueprint) (string, error) {
	return "", invalid("AWS Backup has no resources of kind %s", b.Kind)
}

// Remove makes a recovery point vanish.
func (s *Service) Remove(c *cloud.Call, arn string) bool {
	for _, p := range s.points.All() { // not every ARN has the account
		if p.arn == arn && p.exists(c.Now) {
			p.removed = c.Now
			p.tell(c.In(p.place))
			return true
		}
	}
	return false
}

// remember answers a repeated token: known is the id of the job it began.
func (s *Service) remember(c *cloud.Call, operation string, token *string) (known string, keep func(id string)) {
	if aws.ToString(token) == "" {
		return "", func(string) {}
	}
	key := operation + "|" + *token
	known, _ = s.tokens.Get(c.Place, key)
	return known, func(id string) { s.tokens.Put(c.Place, key, id) }
}

// newJobID has the form of a UUID.
func newJobID(c *cloud.Call) string {
	hex := c.NewID("", 32)
	return hex[:8] + "-" + hex[8:12] + "-" + hex[12:16] + "-" + hex[16:20] + "-" + hex[20:]
}

func invalid(format string, args ...any) error {
	return cloud.Errorf("InvalidParameterValueException", format, args...)
}

func refused(message string) error {
	return &types.InvalidRequestException{Message: &message}
}

func notFound(what, name string) error {
	return &types.ResourceNotFoundException{Message: aws.String(what + " " + name + " cannot be found.")}
}

func missing(field string) error {
	return &types.MissingParameterValueException{Message: aws.String(field + " is missing")}
}
