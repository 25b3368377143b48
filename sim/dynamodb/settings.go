package dynamodb

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"holdfast/sim/internal/cloud"
)

// updateTable applies what a restore cannot: streams, deletion protection, table class
// and billing. The table is UPDATING for a moment, and refuses other changes meanwhile.
func (s *Service) updateTable(c *cloud.Call, in *dynamodb.UpdateTableInput) (*dynamodb.UpdateTableOutput, error) {
	t, err := s.active(c, in.TableName)
	if err != nil {
		return nil, err
	}
	if len(in.GlobalSecondaryIndexUpdates)+len(in.ReplicaUpdates)+len(in.VectorIndexUpdates) > 0 || in.SSESpecification != nil {
		return nil, cloud.Errorf("UnsupportedOperation", "the simulated UpdateTable changes no indexes, replicas or encryption")
	}
	if in.StreamSpecification != nil {
		if err := t.setStream(c, *in.StreamSpecification); err != nil {
			return nil, err
		}
	}
	if in.DeletionProtectionEnabled != nil {
		t.data.DeletionProtectionEnabled = aws.Bool(*in.DeletionProtectionEnabled)
	}
	if in.TableClass != "" {
		t.data.TableClassSummary = &types.TableClassSummary{TableClass: in.TableClass}
	}
	if in.BillingMode != "" {
		t.data.BillingModeSummary = &types.BillingModeSummary{BillingMode: in.BillingMode}
	}
	if in.ProvisionedThroughput != nil {
		t.data.ProvisionedThroughput = described(in.ProvisionedThroughput)
	}
	if in.OnDemandThroughput != nil {
		limits := *in.OnDemandThroughput
		t.data.OnDemandThroughput = &limits
	}
	t.updating = c.Now.Add(c.Between(time.Second, 10*time.Second, "update", t.name))
	return &dynamodb.UpdateTableOutput{TableDescription: t.describe(c.Now)}, nil
}

func (t *table) setStream(c *cloud.Call, spec types.StreamSpecification) error {
	on := t.data.StreamSpecification != nil && aws.ToBool(t.data.StreamSpecification.StreamEnabled)
	if on == aws.ToBool(spec.StreamEnabled) {
		return validation("Table already has a stream enabled or disabled as asked: %s", t.name)
	}
	if on {
		t.data.StreamSpecification = nil
		return nil
	}
	t.data.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: spec.StreamViewType}
	label := c.Now.Format("2006-01-02T15:04:05.000")
	t.data.LatestStreamLabel, t.data.LatestStreamArn = &label, aws.String(*t.data.TableArn+"/stream/"+label)
	return nil
}

func described(p *types.ProvisionedThroughput) *types.ProvisionedThroughputDescription {
	read, write := aws.ToInt64(p.ReadCapacityUnits), aws.ToInt64(p.WriteCapacityUnits)
	return &types.ProvisionedThroughputDescription{ReadCapacityUnits: &read, WriteCapacityUnits: &write}
}

func (s *Service) describeTimeToLive(c *cloud.Call, in *dynamodb.DescribeTimeToLiveInput) (*dynamodb.DescribeTimeToLiveOutput, error) {
	t, err := s.find(c, in.TableName)
	if err != nil {
		return nil, err
	}
	d := &types.TimeToLiveDescription{TimeToLiveStatus: types.TimeToLiveStatusDisabled}
	if t.ttl != "" {
		d.TimeToLiveStatus, d.AttributeName = types.TimeToLiveStatusEnabled, aws.String(t.ttl)
	}
	return &dynamodb.DescribeTimeToLiveOutput{TimeToLiveDescription: d}, nil
}

func (s *Service) updateTimeToLive(c *cloud.Call, in *dynamodb.UpdateTimeToLiveInput) (*dynamodb.UpdateTimeToLiveOutput, error) {
	t, err := s.active(c, in.TableName)
	if err != nil {
		return nil, err
	}
	spec := in.TimeToLiveSpecification
	if spec == nil || aws.ToString(spec.AttributeName) == "" {
		return nil, validation("TimeToLiveSpecification needs an AttributeName")
	}
	switch {
	case aws.ToBool(spec.Enabled) && t.ttl != "":
		return nil, validation("TimeToLive is already enabled")
	case aws.ToBool(spec.Enabled):
		t.ttl = *spec.AttributeName
	default:
		t.ttl = ""
	}
	return &dynamodb.UpdateTimeToLiveOutput{TimeToLiveSpecification: &types.TimeToLiveSpecification{
		AttributeName: aws.String(*spec.AttributeName), Enabled: aws.Bool(aws.ToBool(spec.Enabled)),
	}}, nil
}

// recoveryDays is how far back point-in-time recovery reaches unless told otherwise.
const recoveryDays = 35

// moments returns the first and the last moment of the table that can be restored.
func (t *table) moments(c *cloud.Call) (first, last time.Time) {
	return cloud.Moments(c.Now, *t.data.CreationDateTime, recoveryDays)
}

func (t *table) continuousBackups(c *cloud.Call) *types.ContinuousBackupsDescription {
	recovery := &types.PointInTimeRecoveryDescription{PointInTimeRecoveryStatus: types.PointInTimeRecoveryStatusDisabled}
	if t.pitr {
		first, last := t.moments(c)
		recovery.PointInTimeRecoveryStatus, recovery.RecoveryPeriodInDays = types.PointInTimeRecoveryStatusEnabled, aws.Int32(recoveryDays)
		recovery.EarliestRestorableDateTime, recovery.LatestRestorableDateTime = &first, &last
	}
	return &types.ContinuousBackupsDescription{
		ContinuousBackupsStatus: types.ContinuousBackupsStatusEnabled, PointInTimeRecoveryDescription: recovery,
	}
}

func (s *Service) describeContinuousBackups(c *cloud.Call, in *dynamodb.DescribeContinuousBackupsInput) (*dynamodb.DescribeContinuousBackupsOutput, error) {
	t, ok := s.get(c, tableName(in.TableName))
	if !ok {
		return nil, &types.TableNotFoundException{Message: aws.String("Table not found: " + tableName(in.TableName))}
	}
	return &dynamodb.DescribeContinuousBackupsOutput{ContinuousBackupsDescription: t.continuousBackups(c)}, nil
}

func (s *Service) updateContinuousBackups(c *cloud.Call, in *dynamodb.UpdateContinuousBackupsInput) (*dynamodb.UpdateContinuousBackupsOutput, error) {
	t, ok := s.get(c, tableName(in.TableName))
	if !ok {
		return nil, &types.TableNotFoundException{Message: aws.String("Table not found: " + tableName(in.TableName))}
	}
	if in.PointInTimeRecoverySpecification == nil {
		return nil, validation("PointInTimeRecoverySpecification is required")
	}
	t.pitr = aws.ToBool(in.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled)
	return &dynamodb.UpdateContinuousBackupsOutput{ContinuousBackupsDescription: t.continuousBackups(c)}, nil
}
