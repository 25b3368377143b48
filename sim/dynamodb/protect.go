package dynamodb

import (
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

var _ cloud.Protectable = (*Service)(nil)

// Protect returns what AWS Backup sees of a table.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-dynamodb.html
func (s *Service) Protect(c *cloud.Call, arn string) (cloud.Protected, bool) {
	t, ok := s.get(c, tableName(&arn))
	if !ok || t.creating.Running(c.Now) {
		return cloud.Protected{}, false
	}
	return cloud.Protected{
		Kind: resource.DynamoDB, Type: "DynamoDB", ARN: *t.data.TableArn, Name: t.name, SizeBytes: aws.ToInt64(t.data.TableSizeBytes),
		Tags: maps.Clone(t.tags), Metadata: map[string]string{"originalTableName": t.name, "encryptionType": "Default"},
		State: t.data,
	}, true
}

// Rebuild makes a table from a recovery point under full management, as a restore of
// DynamoDB's own does: without tags, TTL, stream or point-in-time recovery. In another
// region than the source's a key must be given.
func (s *Service) Rebuild(c *cloud.Call, r cloud.Rebuild) (string, error) {
	was, ok := r.Of.State.(types.TableDescription)
	source, err := resource.ParseARN(r.Of.ARN)
	if !ok || err != nil {
		return "", cloud.Errorf("InternalFailure", "%s is no recovery point of a table", r.Point)
	}
	in := &dynamodb.RestoreTableFromBackupInput{TargetTableName: aws.String(r.Metadata["targetTableName"]), SSESpecificationOverride: encryption(r.Metadata)}
	if source.Region != c.Place.Region && r.Metadata["encryptionType"] == "KMS" && r.Metadata["kmsMasterKeyArn"] == "" {
		return "", cloud.Errorf("InvalidParameterValueException", "a restore in another region needs kmsMasterKeyArn")
	}
	t, err := s.newRestored(c.Within(r.Progress), &backup{arn: r.Point, place: c.Place, of: was}, in)
	if err != nil {
		return "", err
	}
	t.job = r.JobID
	return *t.data.TableArn, nil
}

// encryption reads AWS Backup's words for the encryption of a new table.
func encryption(metadata map[string]string) *types.SSESpecification {
	switch metadata["encryptionType"] {
	case "KMS":
		sse := &types.SSESpecification{Enabled: aws.Bool(true), SSEType: types.SSETypeKms}
		if key := metadata["kmsMasterKeyArn"]; key != "" {
			sse.KMSMasterKeyId = &key
		}
		return sse
	default:
		return &types.SSESpecification{Enabled: aws.Bool(false)}
	}
}
