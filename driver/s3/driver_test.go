package s3_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	"holdfast/driver/s3"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.Of(func(p awssession.Provider) *awsbackup.Driver { return s3.New(p, awsbackup.Options{}) }))
}

var home = resource.Scope{Partition: "aws", Account: "111111111111", Region: "eu-central-1"}

func TestABucketWithoutVersioningIsListedAsUnsupported(t *testing.T) {
	t.Parallel()
	org, err := sim.New(sim.Options{Clock: clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)), Unthrottled: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []sim.Blueprint{
		{Name: "plain", Region: home.Region, Odd: true}, {Name: "good", Region: home.Region}, {Name: "abroad", Region: "eu-west-1"},
	} {
		b.Kind, b.Account = resource.S3, home.Account
		if _, err := org.Create(b); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]string{}
	err = s3.New(org.Provider(), awsbackup.Options{}).Discover(t.Context(), home, func(r resource.Resource) error {
		name, _, _ := strings.Cut(r.Name, "-")
		seen[name] = r.Unsupported
		return nil
	})
	if err != nil || len(seen) != 2 || seen["good"] != "" || !strings.Contains(seen["plain"], "versioning") {
		t.Errorf("listed %v, %v: want the region's two buckets, one of them unsupported", seen, err)
	}
}

func request(region string, overrides map[string]string) driver.RestoreRequest {
	scope := home
	scope.Region = region
	return driver.RestoreRequest{
		Scope: scope, Overrides: overrides, Mark: driver.Mark{Installation: "test", JobID: "j"},
		Point:    driver.Point{Ref: "daily/arn:aws:backup:eu-central-1:111111111111:recovery-point:p"},
		Resource: resource.Resource{ARN: "arn:aws:s3:::invoices", Name: "invoices", Account: home.Account, Region: home.Region},
	}
}

func TestPlanRestore(t *testing.T) {
	t.Parallel()
	d := s3.New(nil, awsbackup.Options{})
	for name, c := range map[string]struct {
		region    string
		overrides map[string]string
		want      []string // in the input of StartRestoreJob
		problems  []string
	}{
		"without input":     {home.Region, nil, []string{`"DestinationBucketName":"invoices"`, `"EncryptionType":"original"`}, nil},
		"prefix and moment": {home.Region, map[string]string{"items": "2026/, logs/", "restore_time": "2026-03-01T02:00:00Z"}, []string{`[\"2026/\",\"logs/\"]`, `"RestoreTime":"2026-03-01T02:00:00Z"`}, nil},
		"of a copy":         {"eu-west-1", map[string]string{"destination_bucket": "there"}, []string{`"DestinationBucketName":"there"`, `"EncryptionType":"SSE-S3"`}, nil},
		"wrong": {"eu-west-1", map[string]string{"encryption": "original", "restore_time": "yesterday", "items": "a,b,c,d,e,f", "restore_acls": "perhaps", "versions_up_to": "0"},
			nil, []string{"destination_bucket", "encryption", "restore_time", "items", "restore_acls", "versions_up_to"}},
		"no key": {home.Region, map[string]string{"encryption": "SSE-KMS"}, nil, []string{"kms_key_id"}},
	} {
		plan, err := d.PlanRestore(request(c.region, c.overrides))
		if len(c.problems) > 0 {
			var wrong *driver.ParameterError
			if !errors.As(err, &wrong) || len(wrong.Problems) != len(c.problems) {
				t.Errorf("%s: %v, want a problem of each of %v", name, err, c.problems)
				continue
			}
			for _, p := range c.problems {
				if !strings.Contains(wrong.Error(), p) {
					t.Errorf("%s: %v does not name %s", name, wrong, p)
				}
			}
			continue
		}
		if err != nil || len(plan.Calls) != 2 {
			t.Errorf("%s: %+v, %v, want two calls", name, plan.Calls, err)
			continue
		}
		for _, text := range c.want {
			if input := string(plan.Calls[1].Input); !strings.Contains(input, text) {
				t.Errorf("%s: %s has no %s", name, input, text)
			}
		}
	}
}
