package rdscluster

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/driver/internal/clients"
	"holdfast/driver/internal/kmskeys"
	"holdfast/driver/internal/rdssnap"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// Kind is what the kinds of clusters differ in.
type Kind struct {
	Kind  resource.Kind
	Title string
	// Engines are the kind's; where there are several, a restore is told which.
	Engines []string
	// Others are engines whose clusters are listed with the kind's to be told apart.
	Others []string
	// Unsupported, when set, says why a cluster cannot be backed up, "" when it can.
	Unsupported func(*types.DBCluster) string
	// Bare is whether listings show no tags and cannot pick snapshots by identifier.
	Bare bool
	// Without names the parameters of a restore that the service does not know.
	Without []string
	// TagCopyLater is whether a restore of a moment does not take copy_tags_to_snapshot,
	// which is then set afterwards.
	TagCopyLater bool
	// Path is how a copy gets into another region of another account.
	Path driver.CopyPath
	// Copies is the page with the limit on copies in progress.
	Copies string
	// Emulated has what moto does right, for conformance.Wiring.
	Emulated []conformance.Ability
	// Client makes a client of the service.
	Client func(aws.Config) API
}

// Driver is the driver of one kind of DB clusters. It is safe for concurrent use.
type Driver struct {
	*rdssnap.Snapshots
	kind    Kind
	clients *clients.Pool[API]
}

var (
	_ driver.Driver       = (*Driver)(nil)
	_ driver.Copier       = (*Driver)(nil)
	_ driver.CopyFinisher = (*Driver)(nil)
	_ driver.Restorer     = (*Driver)(nil)
)

// New returns a driver of kind that takes its AWS configurations from sessions.
func New(kind Kind, sessions awssession.Provider) *Driver {
	d := &Driver{kind: kind, clients: clients.NewPool(sessions, kind.Client)}
	d.Snapshots = &rdssnap.Snapshots{
		Noun: "DB cluster snapshot", Taken: "DBClusterSnapshotAlreadyExistsFault",
		SourceID: clusterID, Engines: kind.Engines, NoEncryption: true, Path: kind.Path, Unfiltered: kind.Bare,
		Keys: kmskeys.New(sessions, "rds"),
		Client: func(ctx context.Context, scope resource.Scope, purpose resource.Purpose) (rdssnap.API, error) {
			client, err := d.clients.Get(ctx, scope, purpose)
			return snapshots{API: client, bare: kind.Bare}, err
		},
	}
	return d
}

// Descriptor returns the facts about the clusters and their snapshots. Settle is empty:
// identifiers are unique, so a call repeated too early is refused and adopts.
func (d *Driver) Descriptor() driver.Descriptor {
	return driver.Descriptor{
		Kind: d.kind.Kind, Title: d.kind.Title,
		ARNPattern: "arn:*:rds:*:*:cluster:*",
		CopyRegion: true, CopyAccount: true, CopyPath: d.kind.Path, CustomerKeyAbroad: true, PointInTime: true,
		LookMax: d.LookMax(),
		Actions: actions(),
		Unseen: map[string]string{
			"rds:ListTagsForResource": "asked where a listing shows no tags",
			"iam:PassRole":            "a restore with a monitoring role or roles of features passes them",
		},
		Quotas:  []driver.Quota{{Operation: driver.Copy, Limit: 5, Source: d.kind.Copies}},
		Restore: d.parameters(),
	}
}

// actions repeats the describe calls for every purpose whose calls may find their
// identifier taken and must look at what took it.
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
func actions() map[resource.Purpose][]string {
	return map[resource.Purpose][]string{
		resource.ForDiscover: {
			kmskeys.Action, "rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusters", "rds:DescribeDBInstances",
			"rds:ListTagsForResource",
		},
		resource.ForBackup: {
			"rds:AddTagsToResource", "rds:CreateDBClusterSnapshot", "rds:DescribeDBClusterSnapshots", "rds:ListTagsForResource",
		},
		resource.ForCopy: {
			"kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*",
			"rds:AddTagsToResource", "rds:CopyDBClusterSnapshot", "rds:DescribeDBClusterSnapshots",
			"rds:ListTagsForResource", "rds:ModifyDBClusterSnapshotAttribute",
		},
		resource.ForRestore: {
			"ec2:DescribeAccountAttributes", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
			"iam:PassRole", "kms:CreateGrant", "kms:DescribeKey", "rds:AddTagsToResource", "rds:CreateDBInstance",
			"rds:DescribeDBClusters", "rds:DescribeDBInstances", "rds:ListTagsForResource", "rds:ModifyDBCluster",
			"rds:RestoreDBClusterFromSnapshot", "rds:RestoreDBClusterToPointInTime",
		},
		resource.ForExpire: {"rds:DeleteDBClusterSnapshot", "rds:DescribeDBClusterSnapshots", "rds:ListTagsForResource"},
	}
}

// clusterID returns the identifier AWS's calls take for r.
func clusterID(r resource.Resource) (string, error) {
	if r.Name != "" {
		return r.Name, nil
	}
	if _, id, ok := strings.Cut(r.ARN, ":cluster:"); ok && id != "" {
		return id, nil
	}
	return "", failure.Errorf(failure.Invalid, "%q is not the ARN of a DB cluster", r.ARN)
}

// listed are the engines a listing is asked for.
func (k Kind) listed() []string { return slices.Concat(k.Engines, k.Others) }
