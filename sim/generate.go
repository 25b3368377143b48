package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"holdfast/resource"
)

// Bounds of a generated company.
const (
	maxAccounts  = 10_000
	maxResources = 1_000_000
)

var regionNames = []string{
	"eu-central-1", "eu-west-1", "us-east-1", "us-west-2", "ap-southeast-2", "ap-northeast-1", "sa-east-1", "ca-central-1",
}

// GenerateOptions say how large a company is. Zero values take 12 accounts, 2 regions and
// 600 resources.
type GenerateOptions struct {
	Accounts, Regions, Resources int
	Seed                         uint64
	// Organization has the other options; accounts and regions given here win over the
	// counts, its seed over Seed when it is not 0.
	Organization Options
}

// Expectation is one resource that one rule of a policy must take.
type Expectation struct {
	ResourceARN string `json:"resource_arn"`
	Plan        string `json:"plan"`
	Rule        string `json:"rule"`
}

// Company is a generated organization with the policy it wants kept. What the policy must
// take was written down while the resources were made, not worked out from the policy.
type Company struct {
	*Organization
	// Policy is a YAML document with the company's plans.
	Policy   string
	Expected []Expectation
	// Resources counts what was made, by kind, unsupported ones included.
	Resources map[resource.Kind]int
}

// Generate builds a company whose instances, volumes, databases and tables are named, tagged and
// spread over accounts and regions like a real one's: unevenly. The same options make
// the same company.
func Generate(o GenerateOptions) (*Company, error) {
	options, count, err := o.resolve()
	if err != nil {
		return nil, err
	}
	org, err := New(options)
	if err != nil {
		return nil, err
	}
	g := &generator{
		company: &Company{Organization: org, Resources: map[resource.Kind]int{}},
		random:  rand.New(rand.NewPCG(options.Seed, 0x686f6c64666173)), // reproducible on purpose
	}
	for n := range count {
		if err := g.add(n); err != nil {
			return nil, err
		}
	}
	g.company.Policy = policyText(org.Partition(), org.Regions())
	return g.company, nil
}

func (o GenerateOptions) resolve() (Options, int, error) {
	accounts, regions, count := orDefault(o.Accounts, 12), orDefault(o.Regions, 2), orDefault(o.Resources, 600)
	switch {
	case accounts < 1 || accounts > maxAccounts:
		return Options{}, 0, fmt.Errorf("generate: %d accounts: use 1 to %d", accounts, maxAccounts)
	case regions < 1 || regions > len(regionNames):
		return Options{}, 0, fmt.Errorf("generate: %d regions: use 1 to %d", regions, len(regionNames))
	case count < 1 || count > maxResources:
		return Options{}, 0, fmt.Errorf("generate: %d resources: use 1 to %d", count, maxResources)
	}
	options := o.Organization
	if options.Seed == 0 {
		options.Seed = o.Seed
	}
	if len(options.Accounts) == 0 {
		for n := range accounts {
			options.Accounts = append(options.Accounts, fmt.Sprintf("1%05d%06d", n+1, (n*7919+104729)%1_000_000))
		}
	}
	if len(options.Regions) == 0 {
		options.Regions = regionNames[:regions]
	}
	return options, count, nil
}

func orDefault(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

type generator struct {
	company *Company
	random  *rand.Rand
}

// Words a company names things with.
var (
	teams = []string{"payments", "search", "identity", "logistics", "analytics", "mobile", "platform"}
	wares = []string{"orders", "ledger", "catalogue", "sessions", "events", "invoices", "profiles", "inventory", "audit"}
)

// kinds is what a company has, as often as it has it. An instance brings volumes of its
// own, which carry no tags.
var kinds = []resource.Kind{
	resource.EBS, resource.EBS, resource.EBS, resource.EBS, resource.EBS, resource.EBS, resource.RDS, resource.RDS,
	resource.DynamoDB, resource.DynamoDB, resource.EC2, resource.EC2, resource.EFS, resource.S3, resource.VMware,
	resource.Aurora, resource.Neptune, resource.DocDB, resource.FSxLustre, resource.FSxWindows, resource.StorageGateway,
}

// each has every kind once. The first resources of a company are one of each that is kept
// daily, so that the smallest company shows what can be done with every kind.
var each = slices.Compact(slices.Sorted(slices.Values(kinds)))

// files are the kinds of the plan for files and machines.
var files = []resource.Kind{
	resource.EFS, resource.S3, resource.VMware, resource.FSxLustre, resource.FSxWindows, resource.StorageGateway,
}

func isFiles(k resource.Kind) bool { return slices.Contains(files, k) }

// odd are the kinds that come in a variant nobody can back up as such.
var odd = []resource.Kind{resource.RDS, resource.EC2, resource.Aurora, resource.S3, resource.FSxLustre, resource.StorageGateway}

// add makes resource n and writes down which rule must take it.
func (g *generator) add(n int) error {
	b := Blueprint{Account: g.skewed(g.company.Accounts()), Region: g.skewed(g.company.Regions()), SizeGiB: g.size()}
	b.Kind = kinds[g.random.IntN(len(kinds))]
	env := []string{"prod", "prod", "prod", "staging", "dev"}[g.random.IntN(5)]
	wanted := n < len(each)
	if wanted {
		b.Kind, env = each[n], "prod"
	}
	b.Name = fmt.Sprintf("%s-%s-%05d", env, wares[g.random.IntN(len(wares))], n)
	daily := wanted || env == "prod" && g.random.IntN(10) < 8 || env == "staging" && g.random.IntN(10) < 3
	b.Tags = g.tags(env, daily)
	b.Encrypted = b.Kind != resource.RDS && g.random.IntN(3) == 0
	b.Odd = !wanted && slices.Contains(odd, b.Kind) && g.random.IntN(12) == 0
	arn, err := g.company.Create(b)
	if err != nil {
		return fmt.Errorf("generate resource %d: %w", n, err)
	}
	g.company.Resources[b.Kind]++
	g.company.Resources[resource.EBS] += volumesWith(b)
	g.expect(b, arn, env, daily)
	return nil
}

// volumesWith is how many volumes come with a resource: an instance has one for data and,
// unless its root is an instance store, one for its root.
func volumesWith(b Blueprint) int {
	switch {
	case b.Kind != resource.EC2:
		return 0
	case b.Odd:
		return 1
	default:
		return 2
	}
}

// expect knows the company's rules in its own words: production-grade things tagged for
// it are kept daily, abroad too when they live in the main region; every prod table is
// kept, and so are files, buckets and machines tagged for it; members of clusters are no
// instances of their own, Multi-AZ DB clusters none of Aurora, an instance store fits into
// no image, and buckets without versioning, scratch file systems and irrecoverable
// volumes cannot be backed up.
func (g *generator) expect(b Blueprint, arn, env string, daily bool) {
	e := Expectation{ResourceARN: arn}
	switch {
	case b.Odd:
		return
	case b.Kind == resource.DynamoDB && env == "prod":
		e.Plan, e.Rule = "tables", "nightly"
	case isFiles(b.Kind) && daily:
		e.Plan, e.Rule = "files", "nightly"
	case isFiles(b.Kind):
		return
	case b.Kind != resource.DynamoDB && daily && b.Region == g.company.Regions()[0]:
		e.Plan, e.Rule = "production", "nightly"
	case b.Kind != resource.DynamoDB && daily:
		e.Plan, e.Rule = "regional", "nightly"
	default:
		return
	}
	g.company.Expected = append(g.company.Expected, e)
}

// tags leaves one resource in ten that nobody wants kept without any.
func (g *generator) tags(env string, daily bool) map[string]string {
	bare := g.random.IntN(10) == 0
	tags := map[string]string{
		"env": env, "team": teams[g.random.IntN(len(teams))], "tier": []string{"gold", "silver", "bronze"}[g.random.IntN(3)],
	}
	switch {
	case daily:
		tags["backup"] = "daily"
	case bare:
		return nil
	case g.random.IntN(4) == 0:
		tags["backup"] = "none"
	}
	return tags
}

// skewed picks the first of a list far more often than the last.
func (g *generator) skewed(list []string) string {
	x := g.random.Float64()
	return list[int(x*x*float64(len(list)))]
}

// size is mostly small and sometimes large, in GiB.
func (g *generator) size() int {
	return []int{8, 8, 20, 50, 100, 200, 500, 1000}[g.random.IntN(8)]
}

// policyText is the company's policy. With one region nothing is copied.
func policyText(partition string, regions []string) string {
	copies, second := "", ""
	if len(regions) > 1 {
		copies, second = copyText, regions[1]
	}
	text := strings.ReplaceAll(planText, "COPIES\n", copies)
	return strings.NewReplacer("PARTITION", partition, "MAIN", regions[0], "SECOND", second).Replace(text)
}

const copyText = `        copy_actions:
          - destination_backup_vault_arn: arn:PARTITION:backup:SECOND:$account:backup-vault:dr
            lifecycle: {delete_after_days: 90}
`

const planText = `# The backup policy of a generated company.
plans:
  # What is tagged for it in the main region is kept daily, and a copy of it abroad.
  - name: production
    rules:
      - name: nightly
        schedule_expression: cron(0 2 * * ? *)
        schedule_expression_timezone: Etc/UTC
        start_window_minutes: 480
        completion_window_minutes: 10080
        target_backup_vault_name: default
        lifecycle: {delete_after_days: 35}
COPIES
        recovery_point_tags: {cost-centre: backup}
    selections:
      - name: tagged-in-the-main-region
        resources: ["arn:PARTITION:ec2:MAIN:*:volume/*", "arn:PARTITION:ec2:MAIN:*:instance/*", "arn:PARTITION:rds:MAIN:*:db:*", "arn:PARTITION:rds:MAIN:*:cluster:*"]
        conditions: {string_equals: [{condition_key: "aws:ResourceTag/backup", condition_value: daily}]}
  # The same tag in other regions: kept where it is.
  - name: regional
    rules:
      - name: nightly
        schedule_expression: cron(30 2 * * ? *)
        target_backup_vault_name: default
        lifecycle: {delete_after_days: 14}
    selections:
      - name: tagged-elsewhere
        resources: ["arn:PARTITION:ec2:*:*:volume/*", "arn:PARTITION:ec2:*:*:instance/*", "arn:PARTITION:rds:*:*:db:*", "arn:PARTITION:rds:*:*:cluster:*"]
        not_resources: ["arn:PARTITION:ec2:MAIN:*:volume/*", "arn:PARTITION:ec2:MAIN:*:instance/*", "arn:PARTITION:rds:MAIN:*:db:*", "arn:PARTITION:rds:MAIN:*:cluster:*"]
        conditions: {string_equals: [{condition_key: "aws:ResourceTag/backup", condition_value: daily}]}
  # Tables go by name.
  - name: tables
    rules:
      - name: nightly
        schedule_expression: cron(15 2 * * ? *)
        target_backup_vault_name: default
        lifecycle: {delete_after_days: 7}
    selections:
      - name: prod-tables
        resources: ["arn:PARTITION:dynamodb:*:*:table/prod-*"]
  # File systems, volumes of gateways, buckets and virtual machines, whichever engine they need.
  - name: files
    rules:
      - name: nightly
        schedule_expression: cron(45 2 * * ? *)
        target_backup_vault_name: default
        lifecycle: {delete_after_days: 7}
COPIES
    selections:
      - name: tagged-files
        resources:
          - "arn:PARTITION:elasticfilesystem:*:*:file-system/*"
          - "arn:PARTITION:fsx:*:*:file-system/*"
          - "arn:PARTITION:storagegateway:*:*:gateway/*/volume/*"
          - "arn:PARTITION:s3:::*"
          - "arn:PARTITION:backup-gateway:*:*:vm/*"
        conditions: {string_equals: [{condition_key: "aws:ResourceTag/backup", condition_value: daily}]}
`
