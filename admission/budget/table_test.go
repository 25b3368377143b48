package budget_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/admission/budget"
)

func TestLookup(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]budget.Limit{
		"ec2:CreateSnapshot":              {Bucket: "ec2:CreateSnapshot", Rate: 5, Burst: 100},
		"ec2:DescribeSnapshots":           {Bucket: "ec2:DescribeSnapshots", Rate: 20, Burst: 100},
		"ec2:CopySnapshot":                {Bucket: "ec2:CopySnapshot", Rate: 5, Burst: 50},
		"rds:CreateDBSnapshot":            {Bucket: "rds:change", Rate: 5, Burst: 10},
		"docdb:DescribeDBClusters":        {Bucket: "rds:read", Rate: 10, Burst: 20},
		"dynamodb:RestoreTableFromBackup": {Bucket: "dynamodb:RestoreTableFromBackup", Rate: 10, Burst: 10},
		"sts:AssumeRole":                  {Bucket: "sts:all", Rate: 600, Burst: 600},
		"backup:StartBackupJob":           {Bucket: "backup:change", Rate: 5, Burst: 10},
		"fsx:DescribeBackups":             {Bucket: "fsx:read", Rate: 10, Burst: 20},
		"unheard:Of":                      {Bucket: "unheard:change", Rate: 5, Burst: 10},
	} {
		service, operation, _ := strings.Cut(call, ":")
		if diff := cmp.Diff(want, budget.Lookup(service, operation)); diff != "" {
			t.Errorf("%s: %s", call, diff)
		}
	}
}

func TestEveryRowIsSane(t *testing.T) {
	t.Parallel()
	for _, row := range budget.Rows() {
		if !(row.Rate > 0) || row.Burst < 1 || len(row.Calls) == 0 {
			t.Errorf("row %+v", row)
		}
		if row.Source != "" && !strings.HasPrefix(row.Source, "https://docs.aws.amazon.com/") {
			t.Errorf("row %v: source %q is no page of AWS", row.Calls, row.Source)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s := budget.Settings{Scale: 0.5, Share: 0.2, Overrides: map[string]budget.Limit{"ec2:CreateSnapshot": {Rate: 40, Burst: 200}}}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	if name, terms := s.Terms("ec2", "CreateSnapshot"); name != "ec2:CreateSnapshot" || terms.Rate != 40 || terms.Burst != 200 || terms.Validate() != nil {
		t.Errorf("the overridden bucket is %s %+v", name, terms)
	}
	for _, call := range [][2]string{{"ec2", "CreateSnapshot"}, {"rds", "DescribeDBInstances"}, {"fsx", "CreateBackup"}, {"sts", "AssumeRole"}} {
		name, terms := s.Terms(call[0], call[1])
		if diff := cmp.Diff(terms, s.TermsOf(name)); diff != "" {
			t.Errorf("terms of %s by name: %s", name, diff)
		}
	}
	if _, terms := s.Terms("ec2", "CopyImage"); terms.Rate != 0.5 || terms.Burst != 50 || terms.Share != 0.2 {
		t.Errorf("the scaled bucket is %+v", terms)
	}
	for says, bad := range map[string]budget.Settings{
		"scale 0":            {},
		"restore share 1":    {Scale: 1, Share: 1},
		"rate 0":             {Scale: 1, Overrides: map[string]budget.Limit{"x": {Burst: 1}}},
		"must be above":      {Scale: 1, Overrides: map[string]budget.Limit{"x": {Rate: -1, Burst: 1}}},
		"burst 0.5 at least": {Scale: 1, Overrides: map[string]budget.Limit{"x": {Rate: 1, Burst: 0.5}}},
	} {
		if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: error %v, want one that says %q", bad, err, says)
		}
	}
}

func TestCheckName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ec2:CreateSnapshot", "ec2:DescribeVolumes", "rds:change", "sts:all", "fsx:read", "unheard:change"} {
		if err := budget.CheckName(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, says := range map[string]string{
		"rds:CreateDBSnapshot": "bucket rds:change", "ec2": "SERVICE:OPERATION", "fsx:CreateBackup": "bucket fsx:change",
	} {
		if err := budget.CheckName(name); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error %v, want one that says %q", name, err, says)
		}
	}
}
