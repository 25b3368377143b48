package budget

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Limit is the documented size of one bucket per account and region.
type Limit struct {
	// Bucket is its name: service:Operation where each operation has its own, else
	// service:part.
	Bucket string
	Rate   float64 // calls a second
	Burst  float64 // calls at once
}

// Row is a line of the table: which calls draw from which bucket.
type Row struct {
	// Calls are patterns of service:Operation with IAM's service names; * stands for the
	// rest of a name.
	Calls []string
	// Bucket is shared by all Calls; empty: each operation has one of its own.
	Bucket string
	Rate   float64
	Burst  float64
	// Source is the page with the figures; empty: AWS publishes none and they are kept low.
	Source string
}

// The pages the figures are from.
const (
	ec2Page      = "https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html"
	dynamodbPage = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html"
	orgsPage     = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"
	iamPage      = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
	taggingPage  = "https://docs.aws.amazon.com/general/latest/gr/arg.html"
	metricsPage  = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html"
)

// rows is the table, most specific first: the first row that fits a call counts. It
// speaks of AWS's services, not of kinds, so that a new kind of a known service needs no
// row; calls no row names share two small buckets per service.
//
// EC2's smaller bucket for listings without filter and page size is left out: Holdfast
// always asks for pages. RunInstances counts instances too; Holdfast starts one a call.
var rows = []Row{
	{[]string{"ec2:RunInstances"}, "", 2, 5, ec2Page},
	{[]string{"ec2:CopyImage"}, "", 1, 100, ec2Page},
	{[]string{"ec2:CreateTags"}, "", 10, 100, ec2Page},
	{[]string{
		"ec2:CreateSnapshot", "ec2:CreateSnapshots", "ec2:CreateVolume", "ec2:DeleteSnapshot", "ec2:DeleteVolume",
		"ec2:DeregisterImage", "ec2:ModifyImageAttribute", "ec2:ModifySnapshotAttribute",
	}, "", 5, 100, ec2Page},
	{[]string{"ec2:Describe*", "ec2:Get*", "ec2:List*"}, "", 20, 100, ec2Page},
	{[]string{"ec2:*"}, "", 5, 50, ec2Page},

	// One set of addresses serves all three, and what they share is not known.
	{[]string{
		"rds:Describe*", "rds:List*", "neptune:Describe*", "neptune:List*", "docdb:Describe*", "docdb:List*",
	}, "rds:read", 10, 20, ""},
	{[]string{"rds:*", "neptune:*", "docdb:*"}, "rds:change", 5, 10, ""},

	{[]string{"dynamodb:CreateBackup"}, "", 50, 50, dynamodbPage},
	{[]string{
		"dynamodb:DeleteBackup", "dynamodb:DescribeBackup", "dynamodb:DescribeContinuousBackups",
		"dynamodb:ListTagsOfResource", "dynamodb:RestoreTable*", "dynamodb:UpdateContinuousBackups",
	}, "", 10, 10, dynamodbPage},
	{[]string{"dynamodb:ListBackups", "dynamodb:TagResource", "dynamodb:UntagResource"}, "", 5, 5, dynamodbPage},
	{[]string{"dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:ListTables"}, "", 20, 40, ""},

	{[]string{"sts:*"}, "sts:all", 600, 600, iamPage},
	{[]string{"organizations:ListAccounts"}, "", 8, 12, orgsPage},
	{[]string{"organizations:ListTagsForResource"}, "", 10, 10, orgsPage},
	{[]string{"organizations:ListAccountsForParent", "organizations:ListParents"}, "", 5, 5, orgsPage},
	{[]string{"organizations:*"}, "organizations:rest", 1, 5, ""},
	{[]string{"resourcegroupstaggingapi:GetResources"}, "", 15, 15, taggingPage},
	{[]string{"resourcegroupstaggingapi:TagResources", "resourcegroupstaggingapi:UntagResources"}, "", 5, 5, taggingPage},
	{[]string{"cloudwatch:PutMetricData"}, "", 500, 500, metricsPage},

	{[]string{"*:Describe*", "*:Get*", "*:List*"}, "SERVICE:read", 10, 20, ""},
	{[]string{"*"}, "SERVICE:change", 5, 10, ""},
}

// anyService in the name of a bucket stands for the service of the call.
const anyService = "SERVICE"

// Rows returns the table of documented buckets, in the order in which it is searched.
func Rows() []Row { return slices.Clone(rows) }

// Lookup returns the documented limit of a call, given as in IAM: ec2, CreateSnapshot.
func Lookup(service, operation string) Limit {
	call := service + ":" + operation
	for _, row := range rows {
		if !slices.ContainsFunc(row.Calls, func(pattern string) bool { return fits(pattern, call) }) {
			continue
		}
		name := call
		if row.Bucket != "" {
			name = strings.Replace(row.Bucket, anyService, service, 1)
		}
		return Limit{Bucket: name, Rate: row.Rate, Burst: row.Burst}
	}
	panic("budget: the last row of the table does not fit every call") // a mistake in rows
}

// CheckName returns an error that says which name to use when no call draws from the
// bucket name.
func CheckName(name string) error {
	service, part, ok := strings.Cut(name, ":")
	if !ok || service == "" || part == "" {
		return fmt.Errorf("%q is no bucket: write SERVICE:OPERATION, for example ec2:CreateSnapshot", name)
	}
	for _, row := range rows {
		if row.Bucket == name || row.Bucket == anyService+":"+part {
			return nil
		}
	}
	if used := Lookup(service, part).Bucket; used != name {
		return fmt.Errorf("%s draws from the bucket %s: use that name", name, used)
	}
	return nil
}

// fits reports whether call is of pattern, whose service or whose end may be *.
func fits(pattern, call string) bool {
	if rest, any := strings.CutPrefix(pattern, "*"); any {
		if rest == "" {
			return true
		}
		_, operation, _ := strings.Cut(call, ":")
		pattern, call = strings.TrimPrefix(rest, ":"), operation
	}
	if start, open := strings.CutSuffix(pattern, "*"); open {
		return strings.HasPrefix(call, start)
	}
	return pattern == call
}

// Settings are what an operator may change about the table.
type Settings struct {
	// Scale multiplies every documented rate and burst, 0.01 to 100.
	Scale float64
	// Share is the part of each bucket kept for restores, 0 up to 0.9.
	Share float64
	// Overrides replace the limit of a bucket by name; Scale does not touch them.
	Overrides map[string]Limit
}

// Validate lists everything wrong with s; nil when it can be used.
func (s Settings) Validate() error {
	if !(s.Scale >= 0.01 && s.Scale <= 100) {
		return fmt.Errorf("scale %g is not within 0.01 and 100", s.Scale)
	}
	if !(s.Share >= 0 && s.Share <= 0.9) {
		return fmt.Errorf("restore share %g is not within 0 and 0.9", s.Share)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Overrides)) {
		if l := s.Overrides[name]; !(l.Rate > 0) || !(l.Burst >= 1) {
			return fmt.Errorf("bucket %s: rate %g must be above 0 and burst %g at least 1", name, l.Rate, l.Burst)
		}
	}
	return nil
}

// Terms returns the bucket a call draws from and the terms that hold for it.
func (s Settings) Terms(service, operation string) (name string, terms Terms) {
	limit := Lookup(service, operation)
	return limit.Bucket, s.terms(limit)
}

// TermsOf returns the terms of a bucket by its name.
func (s Settings) TermsOf(bucket string) Terms {
	service, part, _ := strings.Cut(bucket, ":")
	for _, row := range rows {
		if row.Bucket == bucket || row.Bucket == anyService+":"+part {
			return s.terms(Limit{Bucket: bucket, Rate: row.Rate, Burst: row.Burst})
		}
	}
	return s.terms(Lookup(service, part))
}

func (s Settings) terms(limit Limit) Terms {
	if own, ok := s.Overrides[limit.Bucket]; ok {
		limit.Rate, limit.Burst = own.Rate, own.Burst
	} else {
		limit.Rate, limit.Burst = limit.Rate*s.Scale, max(1, limit.Burst*s.Scale)
	}
	return Terms{
		Rate: limit.Rate, Burst: limit.Burst, Share: s.Share,
		Horizon: horizon, Cooldown: cooldown, Recovery: recovery,
	}
}
