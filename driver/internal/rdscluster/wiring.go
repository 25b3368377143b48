package rdscluster

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"holdfast/driver/internal/rdssnap"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/resource"
)

var _ conformance.Tried = (*Driver)(nil)

// Wiring tells how to try the driver.
func (d *Driver) Wiring() conformance.Wiring {
	return conformance.Wiring{
		Tagged:  true,
		Foreign: d.foreign, Make: d.maker(), Emulated: d.kind.Emulated,
		Calls: map[conformance.Method][]string{
			conformance.Discover: {"DescribeDBClusters"},
			conformance.Start:    {"CreateDBClusterSnapshot"},
			conformance.Find:     {"DescribeDBClusterSnapshots"},
			conformance.Look:     {"DescribeDBClusterSnapshots"},
			conformance.List:     {"DescribeDBClusterSnapshots"},
			conformance.Delete:   {"DescribeDBClusterSnapshots", "DeleteDBClusterSnapshot"},
			conformance.Copy:     {"CopyDBClusterSnapshot"},
			conformance.Share:    {"ModifyDBClusterSnapshotAttribute"},
			conformance.Restore:  {"RestoreDBClusterFromSnapshot"},
		},
		Codes: map[failure.Class]string{
			failure.Throttled: "ThrottlingException", failure.Denied: "AccessDenied", failure.Credentials: "ExpiredToken",
			failure.Busy: "InvalidDBClusterStateFault", failure.Quota: "SnapshotQuotaExceeded", failure.Invalid: "InvalidParameterValue",
			failure.KMS: "KMSKeyNotAccessibleFault",
		},
		Exempt: map[string]string{"copy-encrypted": "AWS cannot encrypt the copy of an unencrypted cluster snapshot"},
		Unsupported: map[conformance.Ability]string{
			conformance.CanCancel: "AWS cannot stop a snapshot",
			conformance.CanChill:  "RDS has no cold storage for snapshots",
		},
	}
}

// foreign makes a snapshot as the console does.
func (d *Driver) foreign(ctx context.Context, scope resource.Scope, r resource.Resource) (driver.Ref, error) {
	client, err := d.clients.Get(ctx, scope, resource.ForBackup)
	if err != nil {
		return "", err
	}
	id := "by-hand-" + r.Name
	_, err = client.CreateDBClusterSnapshot(ctx, &rds.CreateDBClusterSnapshotInput{DBClusterIdentifier: &r.Name, DBClusterSnapshotIdentifier: &id})
	return driver.Ref(id), rdssnap.Wrap("CreateDBClusterSnapshot", err)
}

// maker returns what makes a cluster where the service is RDS itself, nil elsewhere.
func (d *Driver) maker() func(context.Context, resource.Scope) (string, error) {
	if len(d.kind.Emulated) == 0 || d.kind.Bare {
		return nil
	}
	return d.make
}

// creator is the call that makes a cluster, which nothing else here needs.
type creator interface {
	CreateDBCluster(context.Context, *rds.CreateDBClusterInput, ...func(*rds.Options)) (*rds.CreateDBClusterOutput, error)
}

var _ creator = (*rds.Client)(nil)

// make makes a cluster without instances. An emulator alone sees the password: moto cannot
// restore a cluster that has none.
func (d *Driver) make(ctx context.Context, scope resource.Scope) (string, error) {
	client, err := d.clients.Get(ctx, scope, resource.ForRestore)
	if err != nil {
		return "", err
	}
	name := "holdfast-verify-" + string(d.kind.Kind)
	_, err = client.(creator).CreateDBCluster(ctx, &rds.CreateDBClusterInput{
		DBClusterIdentifier: &name, Engine: aws.String(d.kind.Engines[len(d.kind.Engines)-1]),
		MasterUsername: aws.String("holdfast"), MasterUserPassword: aws.String("not-a-secret"),
	})
	return name, rdssnap.Wrap("CreateDBCluster", err)
}
