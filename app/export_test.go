package app

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/rs/zerolog"

	"holdfast/catalog"
	"holdfast/catalog/archive"
	"holdfast/catalog/ledger"
	"holdfast/config"
	"holdfast/internal/clock"
	"holdfast/internal/testkit"
	"holdfast/resource"
)

// exporter is an installation with one point and two exports that are due at 02:00.
func exporter(t *testing.T, endpoint string) (*App, *clock.Manual) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "holdfast.yaml")
	text := "installation: acme\ncatalog: {dsn: 'sqlite:" + dir + "/h.db'}\nledger: {key: '" + string(bytes.Repeat([]byte("k"), 40)) + "'}\n" +
		"aws: {endpoint_url: '" + endpoint + "', regions: [eu-west-1], accounts: {ids: ['111122223333']}}\nreports:\n  schedules:\n" +
		"    - {name: points, kind: catalog, schedule: 'cron(0 2 * * ? *)', to: 's3://exports/acme', region: eu-west-1}\n" +
		"    - {name: history, kind: ledger, schedule: 'cron(0 2 * * ? *)', to: out}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckReports(cfg); err != nil {
		t.Fatal(err)
	}
	now := clock.NewManual(time.Date(2026, 3, 3, 1, 0, 0, 0, time.UTC))
	a, err := New(t.Context(), Options{Config: cfg, Log: zerolog.Nop(), Clock: now, WithoutRedis: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	point := catalog.RecoveryPoint{
		ID: "one", State: catalog.Available, Kind: resource.EBS, Account: "111122223333", Region: "eu-west-1", ResourceARN: "arn:one",
		Ref: "snap-1", ChainID: "one", CreatedAt: now.Now(), CompletedAt: now.Now(), Installation: "acme",
	}
	if _, err := a.Store.AdoptPoints(t.Context(), []catalog.RecoveryPoint{point}, "ana"); err != nil {
		t.Fatal(err)
	}
	if err := a.Store.AddHold(t.Context(), catalog.Hold{PointID: "one", Kind: catalog.HoldLegal, Holder: "case-7", CreatedAt: now.Now()}, "ana"); err != nil {
		t.Fatal(err)
	}
	return a, now
}

// The catalog goes to S3 and the signed ledger to a directory when their time comes, and
// both are what the commands would write. moto is the S3.
func TestExportsAreMadeByThemselves(t *testing.T) {
	testkit.Integration(t)
	moto := testkit.Moto(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	a, now := exporter(t, moto.URL)
	client := s3.NewFromConfig(aws.Config{
		Region: "eu-west-1", BaseEndpoint: &moto.URL, Credentials: credentials.NewStaticCredentialsProvider("x", "x", ""),
	}, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket: aws.String("exports"), CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"},
	}); err != nil {
		t.Fatal(err)
	}
	duty, err := a.scheduledReports(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := duty.Run(t.Context()); err != nil { // nothing is due yet
		t.Fatal(err)
	}
	if _, err := ledger.SealAll(t.Context(), a.Store, LedgerKeys(a.Config), now.Now()); err != nil {
		t.Fatal(err)
	}
	now.Advance(90 * time.Minute)
	if err := duty.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	object, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("exports"), Key: aws.String("acme/acme-points-20260303T020000Z.jsonl")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = object.Body.Close() }()
	lines, err := archive.Read(object.Body)
	if err != nil || len(lines) != 2 || lines[0].Point.ID != "one" || lines[1].Hold.Holder != "case-7" {
		t.Errorf("in S3: %+v, %v", lines, err)
	}
	file, err := os.Open(filepath.Join(filepath.Dir(a.Config.File()), "out", "acme-history-20260303T020000Z.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	report, err := ledger.CheckExport(file, LedgerKeys(a.Config), "")
	if err != nil || !report.Good() || report.Signed == 0 || report.Events == 0 {
		t.Errorf("the ledger on disk: %+v, %v", report, err)
	}
}
