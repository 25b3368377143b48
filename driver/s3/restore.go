package s3

import (
	"context"
	"encoding/json"
	"time"

	"holdfast/driver"
	"holdfast/driver/internal/parameters"
)

// The values of encryption.
const (
	original = "original"
	sseS3    = "SSE-S3"
	sseKMS   = "SSE-KMS"
)

// maxItems is how many prefixes one restore may name.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-s3.html
const maxItems = 5

// restoration is what a restore of a bucket takes.
type restoration struct{}

// Parameters are those of a restore into a bucket that exists.
func (restoration) Parameters() []driver.Parameter {
	return []driver.Parameter{
		{Name: "destination_bucket", Description: "existing bucket with versioning, in the region of the point, to restore into; the source without it", Recorded: true, Required: true},
		{Name: "items", Description: "prefixes or keys to restore, separated by commas; everything without it"},
		{Name: "restore_time", Description: "moment to restore to, for continuous backups, such as 2026-03-01T02:00:00Z"},
		{Name: "versions_up_to", Description: "how many of the latest versions of each object to restore"},
		{Name: "restore_acls", Description: "restore object ACLs too: true or false; the bucket must have ACLs enabled"},
		{Name: "encryption", Description: "original, SSE-S3 or SSE-KMS (default original; SSE-S3 for a copy from another region)"},
		{Name: "kms_key_id", Description: "KMS key for SSE-KMS"},
	}
}

// Actions: there is nothing to finish.
func (restoration) Actions() []string { return nil }

// Recorded is the source itself.
func (restoration) Recorded(req driver.RestoreRequest) map[string]string {
	return map[string]string{"destination_bucket": req.Resource.Name}
}

// Metadata are AWS Backup's words for the parameters.
func (restoration) Metadata(req driver.RestoreRequest, v *parameters.Values) map[string]string {
	abroad := req.Resource.Region != "" && req.Resource.Region != req.Scope.Region
	if abroad && !v.Given("destination_bucket") {
		v.Problem("destination_bucket is missing: the point lies in %s and the source in %s; name a bucket in %s", req.Scope.Region, req.Resource.Region, req.Scope.Region)
	}
	v.Default("encryption", map[bool]string{true: sseS3, false: original}[abroad])
	v.OneOf("encryption", original, sseS3, sseKMS)
	switch {
	case abroad && v.Text("encryption") == original:
		v.Problem("encryption is original: a copy from another region needs SSE-S3 or SSE-KMS")
	case v.Text("encryption") == sseKMS && v.Text("kms_key_id") == "":
		v.Problem("kms_key_id is missing: SSE-KMS needs a key")
	case v.Text("encryption") != sseKMS && v.Given("kms_key_id"):
		v.Problem("kms_key_id goes with encryption=SSE-KMS only")
	}
	if at := v.Text("restore_time"); at != "" {
		if _, err := time.Parse(time.RFC3339, at); err != nil {
			v.Problem("restore_time is %q: write a moment such as 2026-03-01T02:00:00Z", at)
		}
	}
	v.Bool("restore_acls")
	v.Int32("versions_up_to", 1)
	return map[string]string{
		"DestinationBucketName": v.Text("destination_bucket"), "EncryptionType": v.Text("encryption"), "KMSKey": v.Text("kms_key_id"),
		"RestoreTime": v.Text("restore_time"), "RestoreACLs": v.Text("restore_acls"),
		"RestoreLatestVersionsUpTo": v.Text("versions_up_to"), "ItemsToRestore": itemsOf(v),
	}
}

// itemsOf returns the prefixes as the JSON array AWS Backup takes, "" when there are none.
func itemsOf(v *parameters.Values) string {
	items := v.List("items")
	if len(items) == 0 {
		return ""
	}
	if len(items) > maxItems {
		v.Problem("items has %d entries: name at most %d", len(items), maxItems)
	}
	list, _ := json.Marshal(items) // strings always encode
	return string(list)
}

// Calls: there is nothing to finish.
func (restoration) Calls(driver.RestoreRequest, *parameters.Values) ([]driver.Call, error) {
	return nil, nil
}

// Finish has nothing to do: the bucket was there before.
func (restoration) Finish(context.Context, driver.RestoreRequest, *parameters.Values, string) error {
	return nil
}
