package dynamodb

import (
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"holdfast/failure"
	"holdfast/resource"
)

// Settings is what a table's Resource.Settings holds. Keys, indexes and throughput are in
// the backup itself; they are recorded for whoever reads the catalog.
type Settings struct {
	BillingMode        string   `json:"billing_mode"`
	ReadCapacity       int64    `json:"read_capacity,omitempty"`  // units
	WriteCapacity      int64    `json:"write_capacity,omitempty"` // units
	TableClass         string   `json:"table_class,omitempty"`
	KMSKeyARN          string   `json:"kms_key_arn,omitempty"` // empty: encrypted with AWS's own key
	StreamView         string   `json:"stream_view,omitempty"`
	TTLAttribute       string   `json:"ttl_attribute,omitempty"`
	PointInTime        bool     `json:"point_in_time"`
	PointInTimeDays    int32    `json:"point_in_time_days,omitempty"`
	DeletionProtection bool     `json:"deletion_protection"`
	Indexes            []string `json:"indexes,omitempty"`
	Replicas           []string `json:"replicas,omitempty"` // regions
}

func settingsOf(t *types.TableDescription) Settings {
	s := Settings{
		BillingMode:        string(types.BillingModeProvisioned), // AWS leaves the summary out for tables never switched
		DeletionProtection: aws.ToBool(t.DeletionProtectionEnabled),
	}
	if t.BillingModeSummary != nil {
		s.BillingMode = string(t.BillingModeSummary.BillingMode)
	}
	if t.ProvisionedThroughput != nil {
		s.ReadCapacity = aws.ToInt64(t.ProvisionedThroughput.ReadCapacityUnits)
		s.WriteCapacity = aws.ToInt64(t.ProvisionedThroughput.WriteCapacityUnits)
	}
	if t.TableClassSummary != nil {
		s.TableClass = string(t.TableClassSummary.TableClass)
	}
	if t.SSEDescription != nil {
		s.KMSKeyARN = aws.ToString(t.SSEDescription.KMSMasterKeyArn)
	}
	if t.StreamSpecification != nil && aws.ToBool(t.StreamSpecification.StreamEnabled) {
		s.StreamView = string(t.StreamSpecification.StreamViewType)
	}
	for _, index := range t.GlobalSecondaryIndexes {
		s.Indexes = append(s.Indexes, aws.ToString(index.IndexName))
	}
	for _, index := range t.LocalSecondaryIndexes {
		s.Indexes = append(s.Indexes, aws.ToString(index.IndexName))
	}
	for _, replica := range t.Replicas {
		s.Replicas = append(s.Replicas, aws.ToString(replica.RegionName))
	}
	return s
}

// readSettings reads what Discover recorded.
func readSettings(r resource.Resource) (s Settings, err error) {
	if len(r.Settings) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(r.Settings, &s); err != nil {
		return s, failure.Errorf(failure.Internal, "read recorded settings of %s: %w", r.ARN, err)
	}
	return s, nil
}
