package dynamodb_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/dynamodb"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

// Without AWS Backup's advanced features a point of a table could carry no mark.
func TestABackupNeedsTheAdvancedFeatures(t *testing.T) {
	t.Parallel()
	org, err := sim.New(sim.Options{Clock: clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)), Unthrottled: true})
	if err != nil {
		t.Fatal(err)
	}
	home := resource.Scope{Partition: "aws", Account: "111111111111", Region: "eu-central-1"}
	arn, err := org.Create(sim.Blueprint{Kind: resource.DynamoDB, Account: home.Account, Region: home.Region})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := org.Provider().Config(t.Context(), awssession.Request{Scope: home, Purpose: resource.ForBackup})
	if err != nil {
		t.Fatal(err)
	}
	prefer := func(on bool) {
		if _, err := backup.NewFromConfig(cfg).UpdateRegionSettings(t.Context(), &backup.UpdateRegionSettingsInput{
			ResourceTypeManagementPreference: map[string]bool{"DynamoDB": on},
		}); err != nil {
			t.Fatal(err)
		}
	}
	d := dynamodb.NewAWSBackup(org.Provider(), awsbackup.Options{})
	start := func() error {
		_, err := d.Start(t.Context(), driver.StartRequest{
			Scope: home, Resource: resource.Resource{ARN: arn}, Mark: driver.Mark{Installation: "test", JobID: "j", SourceARN: arn, CreatedAt: org.Now()},
		})
		return err
	}
	prefer(false)
	if err := start(); !failure.Is(err, failure.Unsupported) || !strings.Contains(err.Error(), "update-region-settings") {
		t.Errorf("start = %v, want class unsupported and the way out", err)
	}
	prefer(true)
	if err := start(); err != nil {
		t.Errorf("start with the features on = %v", err)
	}
}
