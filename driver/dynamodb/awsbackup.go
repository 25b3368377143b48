package dynamodb

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/internal/parameters"
	"holdfast/internal/awssession"
)

// NewAWSBackup returns the driver of DynamoDB tables through AWS Backup, with its advanced
// features: points that carry tags, move to cold storage, and can be copied.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/advanced-ddb-backup.html
func NewAWSBackup(sessions awssession.Provider, o awsbackup.Options) *awsbackup.Driver {
	native := New(sessions)
	facts := native.Descriptor()
	return awsbackup.New(sessions, o, awsbackup.Kind{
		Kind: facts.Kind, Title: facts.Title, ARNPattern: facts.ARNPattern, Type: "DynamoDB", ColdStorage: true, Advanced: true,
		Discover: native.Discover,
		DiscoverActions: []string{
			"dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive",
			"dynamodb:ListTables", "dynamodb:ListTagsOfResource",
		},
		Unseen:        map[string]string{"dynamodb:UpdateTable": streams},
		DiscoverCalls: []string{"ListTables", "DescribeTable", "ListTagsOfResource"},
		Restore:       restoration{native},
	})
}

// restoration is a restore by AWS Backup into a new table, which is completed as one of
// DynamoDB's own restore is.
type restoration struct{ native *Driver }

// Parameters are those of DynamoDB's own restore but for the throughput, which AWS Backup
// leaves as it was.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-dynamodb.html
func (restoration) Parameters() []driver.Parameter {
	return slices.DeleteFunc(restoreParameters(), func(p driver.Parameter) bool {
		return slices.Contains([]string{"billing_mode", "read_capacity", "write_capacity"}, p.Name)
	})
}

// Actions are what Finish calls.
func (restoration) Actions() []string {
	return []string{
		"dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:ListTagsOfResource",
		"dynamodb:TagResource", "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive",
	}
}

// Recorded returns what the table was like.
func (restoration) Recorded(req driver.RestoreRequest) map[string]string {
	settings, err := readSettings(req.Resource)
	if err != nil {
		return nil
	}
	return settings.recorded()
}

// Metadata are AWS Backup's words for the parameters: its "Default" is AWS's own key, and
// "KMS" without a key is the account's aws/dynamodb.
func (restoration) Metadata(req driver.RestoreRequest, v *parameters.Values) map[string]string {
	settings, err := readSettings(req.Resource)
	if err != nil {
		v.Problem("what was recorded cannot be read: %v", err)
	}
	fit(req, settings, v)
	newFinish(req, v) // a mistake in what comes last is better known first
	metadata := map[string]string{"targetTableName": v.Text("table_name")}
	switch v.Text("encryption") {
	case awsOwned:
		metadata["encryptionType"], metadata["kmsMasterKeyArn"] = "Default", ""
	case awsManaged:
		metadata["encryptionType"], metadata["kmsMasterKeyArn"] = "KMS", ""
	case customer:
		metadata["encryptionType"], metadata["kmsMasterKeyArn"] = "KMS", v.Text("kms_key_id")
	}
	return metadata
}

// Calls lists what Finish will do.
func (restoration) Calls(req driver.RestoreRequest, v *parameters.Values) ([]driver.Call, error) {
	var calls []driver.Call
	for _, in := range newFinish(req, v).inputs() {
		call, err := parameters.Call("dynamodb:"+in.operation, in.value)
		if err != nil {
			return nil, err
		}
		calls = append(calls, call)
	}
	return calls, nil
}

// Finish tags the table and applies what a restore cannot.
func (r restoration) Finish(ctx context.Context, req driver.RestoreRequest, v *parameters.Values, _ string) error {
	return r.native.FinishRestore(ctx, req, driver.Ref(aws.ToString(v.String("table_name"))))
}
