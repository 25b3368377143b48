package dynamodb

import (
	"cmp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// restoresQuota is how many restores may be in progress per account and region.
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
const restoresQuota = "dynamodb:restores"

// restoreTable makes a table of the standard class without tags, TTL, stream or
// point-in-time recovery, whatever the source had. The backup may be in another region;
// the encryption must then be given.
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CreateBackup.html
func (s *Service) restoreTable(c *cloud.Call, in *dynamodb.RestoreTableFromBackupInput) (*dynamodb.RestoreTableFromBackupOutput, error) {
	b, err := s.findBackup(c, in.BackupArn)
	if err != nil {
		return nil, err
	}
	if b.status(c.Now) != types.BackupStatusAvailable {
		return nil, &types.BackupInUseException{Message: aws.String("Backup is " + string(b.status(c.Now)) + ": " + b.arn)}
	}
	t, err := s.newRestored(c, b, in)
	if err != nil {
		return nil, err
	}
	b.restoring = append(b.restoring, &t.creating)
	return &dynamodb.RestoreTableFromBackupOutput{TableDescription: t.describe(c.Now)}, nil
}

// newRestored makes the table of a restore.
func (s *Service) newRestored(c *cloud.Call, b *backup, in *dynamodb.RestoreTableFromBackupInput) (*table, error) {
	name := aws.ToString(in.TargetTableName)
	_, taken := s.get(c, name)
	switch {
	case !nameOK.MatchString(name):
		return nil, validation("TargetTableName %q is not valid", name)
	case taken:
		return nil, &types.TableAlreadyExistsException{Message: aws.String("Table already exists: " + name)}
	case b.place.Region != c.Place.Region && in.SSESpecificationOverride == nil:
		return nil, validation("SSESpecificationOverride must be provided for a restore from another region")
	case c.InProgress(string(resource.DynamoDB), string(driver.Restore)) >= c.Quota(restoresQuota):
		return nil, &types.LimitExceededException{Message: aws.String("Too many restores are in progress.")}
	}
	t := &table{name: name, place: c.Place, tags: map[string]string{}, source: b, data: restored(c, name, b, in)}
	took := c.Between(2*time.Minute, 10*time.Minute, "table-restore", c.Place.Account, c.Place.Region, name)
	t.creating = c.Begin(string(resource.DynamoDB), string(driver.Restore), name, took, "")
	s.tables.Put(c.Place, name, t)
	return t, nil
}

// restoreMoment makes a table as another of the account was at a moment, with what a
// restore from a backup makes.
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html
func (s *Service) restoreMoment(c *cloud.Call, in *dynamodb.RestoreTableToPointInTimeInput) (*dynamodb.RestoreTableToPointInTimeOutput, error) {
	source, home := cmp.Or(in.SourceTableArn, in.SourceTableName), c
	if arn, err := resource.ParseARN(aws.ToString(source)); err == nil && arn.Account == c.Place.Account {
		home = c.In(cloud.Place{Account: arn.Account, Region: arn.Region})
	}
	of, ok := s.get(home, tableName(source))
	switch {
	case in.RestoreDateTime == nil:
		return nil, validation("the simulated RestoreTableToPointInTime needs RestoreDateTime")
	case !ok:
		return nil, &types.TableNotFoundException{Message: aws.String("Table not found: " + aws.ToString(source))}
	case !of.pitr:
		return nil, &types.PointInTimeRecoveryUnavailableException{Message: aws.String("Point in time recovery is not enabled for table " + of.name)}
	}
	if first, last := of.moments(c); in.RestoreDateTime.Before(first) || in.RestoreDateTime.After(last) {
		return nil, &types.InvalidRestoreTimeException{Message: aws.String("The restore time must be between the earliest and the latest restorable time")}
	}
	like := &dynamodb.RestoreTableFromBackupInput{}
	if err := cloud.Retype(like, in); err != nil {
		return nil, err
	}
	t, err := s.newRestored(c, &backup{place: of.place, of: of.data, progress: cloud.Progress{Start: *in.RestoreDateTime}}, like)
	if err != nil {
		return nil, err
	}
	return &dynamodb.RestoreTableToPointInTimeOutput{TableDescription: t.describe(c.Now)}, nil
}

func restored(c *cloud.Call, name string, b *backup, in *dynamodb.RestoreTableFromBackupInput) types.TableDescription {
	d := newDescription(c, name)
	d.AttributeDefinitions, d.KeySchema = b.of.AttributeDefinitions, b.of.KeySchema
	d.TableSizeBytes, d.ItemCount = b.of.TableSizeBytes, b.of.ItemCount
	d.BillingModeSummary, d.ProvisionedThroughput = b.of.BillingModeSummary, b.of.ProvisionedThroughput
	d.SSEDescription = b.of.SSEDescription
	if in.BillingModeOverride != "" {
		d.BillingModeSummary = &types.BillingModeSummary{BillingMode: in.BillingModeOverride}
	}
	if in.ProvisionedThroughputOverride != nil {
		d.ProvisionedThroughput = described(in.ProvisionedThroughputOverride)
	}
	if sse := in.SSESpecificationOverride; sse != nil {
		d.SSEDescription = nil
		if aws.ToBool(sse.Enabled) {
			d.SSEDescription = &types.SSEDescription{
				Status: types.SSEStatusEnabled, SSEType: types.SSETypeKms, KMSMasterKeyArn: aws.String(keyOr(sse.KMSMasterKeyId, c.ARN("kms", "key/aws-dynamodb"))),
			}
		}
	}
	return d
}

func keyOr(given *string, otherwise string) string {
	if given != nil {
		return *given
	}
	return otherwise
}
