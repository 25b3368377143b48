package dynamodb

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

const maxBackupPage = 100

type backup struct {
	arn       string
	name      string
	place     cloud.Place
	of        types.TableDescription // the table as it was
	ttl       string
	progress  cloud.Progress
	restoring []*cloud.Progress // the restores from it
	deleted   time.Time
}

// createBackup accepts a name any number of times: names of backups are not unique.
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateBackup.html
func (s *Service) createBackup(c *cloud.Call, in *dynamodb.CreateBackupInput) (*dynamodb.CreateBackupOutput, error) {
	t, ok := s.get(c, tableName(in.TableName))
	switch {
	case !ok:
		return nil, &types.TableNotFoundException{Message: aws.String("Table not found: " + tableName(in.TableName))}
	case !nameOK.MatchString(aws.ToString(in.BackupName)):
		return nil, validation("BackupName %q must have 3 to 255 of a-z, A-Z, 0-9, _, . and -", aws.ToString(in.BackupName))
	case t.status(c.Now) != types.TableStatusActive:
		return nil, &types.TableInUseException{Message: aws.String("Table is " + string(t.status(c.Now)) + ": " + t.name)}
	}
	id := fmt.Sprintf("%014d-%s", c.Now.UnixMilli(), c.NewID("", 8))
	b := &backup{arn: *t.data.TableArn + "/backup/" + id, name: *in.BackupName, place: c.Place, of: t.data, ttl: t.ttl}
	b.progress = c.Begin(string(resource.DynamoDB), string(driver.Backup), b.arn, c.Between(time.Minute, 5*time.Minute, "backup", b.arn), "")
	s.backups.Put(c.Place, b.arn, b)
	return &dynamodb.CreateBackupOutput{BackupDetails: b.details(c.Now)}, nil
}

// status has no word for a backup that failed: it is simply gone.
func (b *backup) status(now time.Time) types.BackupStatus {
	switch {
	case b.progress.Failed(now):
		return types.BackupStatusDeleted
	case b.progress.Running(now):
		return types.BackupStatusCreating
	default:
		return types.BackupStatusAvailable
	}
}

func (b *backup) details(now time.Time) *types.BackupDetails {
	return &types.BackupDetails{
		BackupArn: aws.String(b.arn), BackupName: aws.String(b.name), BackupStatus: b.status(now), BackupType: types.BackupTypeUser,
		BackupCreationDateTime: aws.Time(b.progress.Start), BackupSizeBytes: b.of.TableSizeBytes,
	}
}

func (b *backup) describe(now time.Time) *types.BackupDescription {
	source := &types.SourceTableDetails{
		TableName: b.of.TableName, TableArn: b.of.TableArn, TableId: b.of.TableId, KeySchema: b.of.KeySchema,
		TableCreationDateTime: b.of.CreationDateTime, ItemCount: b.of.ItemCount, TableSizeBytes: b.of.TableSizeBytes,
		ProvisionedThroughput: &types.ProvisionedThroughput{
			ReadCapacityUnits: b.of.ProvisionedThroughput.ReadCapacityUnits, WriteCapacityUnits: b.of.ProvisionedThroughput.WriteCapacityUnits,
		},
		BillingMode: b.of.BillingModeSummary.BillingMode,
	}
	features := &types.SourceTableFeatureDetails{SSEDescription: b.of.SSEDescription, StreamDescription: b.of.StreamSpecification}
	if b.ttl != "" {
		features.TimeToLiveDescription = &types.TimeToLiveDescription{AttributeName: aws.String(b.ttl), TimeToLiveStatus: types.TimeToLiveStatusEnabled}
	}
	return &types.BackupDescription{BackupDetails: b.details(now), SourceTableDetails: source, SourceTableFeatureDetails: features}
}

func (s *Service) findBackup(c *cloud.Call, given *string) (*backup, error) {
	arn := aws.ToString(given)
	place := c.Place
	if parsed, err := resource.ParseARN(arn); err == nil && parsed.Account == c.Place.Account {
		place.Region = parsed.Region
	}
	b, ok := s.backups.Get(place, arn)
	if !ok {
		return nil, &types.BackupNotFoundException{Message: aws.String("Backup not found: " + arn)}
	}
	return b, nil
}

func (s *Service) describeBackup(c *cloud.Call, in *dynamodb.DescribeBackupInput) (*dynamodb.DescribeBackupOutput, error) {
	b, err := s.findBackup(c, in.BackupArn)
	if err != nil {
		return nil, err
	}
	return &dynamodb.DescribeBackupOutput{BackupDescription: b.describe(c.Now)}, nil
}

// listBackups orders by ARN, which within a table is by time.
func (s *Service) listBackups(c *cloud.Call, in *dynamodb.ListBackupsInput) (*dynamodb.ListBackupsOutput, error) {
	limit := maxBackupPage
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	if limit < 1 || limit > maxBackupPage {
		return nil, validation("Limit must be between 1 and %d", maxBackupPage)
	}
	out := &dynamodb.ListBackupsOutput{}
	for _, b := range s.backups.In(c.Place) {
		if b.arn <= aws.ToString(in.ExclusiveStartBackupArn) || !b.listed(c, in) {
			continue
		}
		if len(out.BackupSummaries) == limit {
			out.LastEvaluatedBackupArn = out.BackupSummaries[limit-1].BackupArn
			break
		}
		out.BackupSummaries = append(out.BackupSummaries, b.summary(c.Now))
	}
	return out, nil
}

func (b *backup) summary(now time.Time) types.BackupSummary {
	d := b.details(now)
	return types.BackupSummary{
		BackupArn: d.BackupArn, BackupName: d.BackupName, BackupStatus: d.BackupStatus, BackupType: d.BackupType,
		BackupCreationDateTime: d.BackupCreationDateTime, BackupSizeBytes: d.BackupSizeBytes,
		TableName: b.of.TableName, TableArn: b.of.TableArn, TableId: b.of.TableId,
	}
}

// listed applies the parameters of a listing. The lower bound of time is inclusive, the
// upper one is not.
func (b *backup) listed(c *cloud.Call, in *dynamodb.ListBackupsInput) bool {
	made := b.progress.Start
	return c.Visible(made) &&
		(in.TableName == nil || tableName(in.TableName) == *b.of.TableName) &&
		(in.TimeRangeLowerBound == nil || !made.Before(*in.TimeRangeLowerBound)) &&
		(in.TimeRangeUpperBound == nil || made.Before(*in.TimeRangeUpperBound)) &&
		(in.BackupType == "" || in.BackupType == types.BackupTypeFilterUser || in.BackupType == types.BackupTypeFilterAll)
}

func (s *Service) deleteBackup(c *cloud.Call, in *dynamodb.DeleteBackupInput) (*dynamodb.DeleteBackupOutput, error) {
	b, err := s.findBackup(c, in.BackupArn)
	if err != nil {
		return nil, err
	}
	busy := b.progress.Running(c.Now)
	for _, r := range b.restoring {
		busy = busy || r.Running(c.Now)
	}
	switch {
	case b.place != c.Place:
		return nil, &types.BackupNotFoundException{Message: aws.String("Backup not found: " + b.arn)}
	case busy:
		return nil, &types.BackupInUseException{Message: aws.String("Backup is being created or restored: " + b.arn)}
	}
	s.dropBackup(c, b)
	d := b.describe(c.Now)
	d.BackupDetails.BackupStatus = types.BackupStatusDeleted
	return &dynamodb.DeleteBackupOutput{BackupDescription: d}, nil
}

func (s *Service) dropBackup(c *cloud.Call, b *backup) {
	c.Cancel(&b.progress)
	b.deleted = c.Now
	s.deleted = append(s.deleted, b)
	s.backups.Delete(b.place, b.arn)
}
