package rds

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
		Foreign: d.foreign, Make: d.make,
		Emulated: []conformance.Ability{
			conformance.CanDiscover, conformance.CanBackUp, conformance.CanCopyRegion, conformance.CanRestore, conformance.CanExpire,
			conformance.SurvivesCrash, conformance.TellsErrors, conformance.Looks,
		},
		Calls: map[conformance.Method][]string{
			conformance.Discover: {"DescribeDBInstances"},
			conformance.Start:    {"CreateDBSnapshot"},
			conformance.Find:     {"DescribeDBSnapshots"},
			conformance.Look:     {"DescribeDBSnapshots"},
			conformance.List:     {"DescribeDBSnapshots"},
			conformance.Delete:   {"DescribeDBSnapshots", "DeleteDBSnapshot"},
			conformance.Copy:     {"CopyDBSnapshot"},
			conformance.Share:    {"ModifyDBSnapshotAttribute"},
			conformance.Restore:  {"RestoreDBInstanceFromDBSnapshot"},
		},
		Codes: map[failure.Class]string{
			failure.Throttled: "ThrottlingException", failure.Denied: "AccessDenied", failure.Credentials: "ExpiredToken",
			failure.Busy: "InvalidDBInstanceState", failure.Quota: "SnapshotQuotaExceeded", failure.Invalid: "InvalidParameterValue",
			failure.KMS: "KMSKeyNotAccessibleFault",
		},
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
	_, err = client.CreateDBSnapshot(ctx, &rds.CreateDBSnapshotInput{DBInstanceIdentifier: &r.Name, DBSnapshotIdentifier: &id})
	return driver.Ref(id), rdssnap.Wrap("CreateDBSnapshot", err)
}

// maker is the call that makes an instance, which nothing else here needs.
type maker interface {
	CreateDBInstance(context.Context, *rds.CreateDBInstanceInput, ...func(*rds.Options)) (*rds.CreateDBInstanceOutput, error)
}

var _ maker = (*rds.Client)(nil)

// make makes a small instance whose password nobody is told.
func (d *Driver) make(ctx context.Context, scope resource.Scope) (string, error) {
	client, err := d.clients.Get(ctx, scope, resource.ForRestore)
	if err != nil {
		return "", err
	}
	const name = "holdfast-verify"
	_, err = client.(maker).CreateDBInstance(ctx, &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String(name), DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("postgres"),
		AllocatedStorage: aws.Int32(20), MasterUsername: aws.String("holdfast"), ManageMasterUserPassword: aws.Bool(true),
	})
	return name, rdssnap.Wrap("CreateDBInstance", err)
}
