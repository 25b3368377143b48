// Package sim is an AWS organization in memory, under the real SDK clients: accounts,
// regions, resources, operations that take time, quotas, token buckets, eventual
// consistency, injected faults and a seed. It serves the demo, tests and benchmarks, and
// judges from outside what Holdfast did.
//
// Everything is organised by AWS service. Adding one is a folder below sim and a line in
// services.
package sim

import (
	"holdfast/resource"
	"holdfast/sim/backup"
	"holdfast/sim/backupgateway"
	"holdfast/sim/docdb"
	"holdfast/sim/dynamodb"
	"holdfast/sim/ec2"
	"holdfast/sim/efs"
	"holdfast/sim/fsx"
	"holdfast/sim/internal/cloud"
	"holdfast/sim/kms"
	"holdfast/sim/neptune"
	"holdfast/sim/organizations"
	"holdfast/sim/rds"
	"holdfast/sim/s3"
	"holdfast/sim/storagegateway"
	"holdfast/sim/sts"
)

// services returns the services of an organization.
func services() []cloud.Service {
	databases, computing := rds.New(), ec2.New()
	return []cloud.Service{
		computing,
		databases,
		neptune.New(databases),
		docdb.New(databases),
		dynamodb.New(),
		efs.New(),
		fsx.New(),
		storagegateway.New(computing),
		s3.New(),
		backupgateway.New(),
		backup.New(),
		organizations.New(),
		kms.New(),
		sts.New(),
	}
}

// The vocabulary of the simulated organization, under the names callers use.
type (
	// Options describe an organization; the zero value of a field takes its default.
	Options = cloud.Options
	// Organization is a simulated AWS organization, safe for concurrent use.
	Organization = cloud.Organization
	// Blueprint describes a resource for Organization.Create.
	Blueprint = cloud.Blueprint
	// Place is one region of one account.
	Place = cloud.Place
	// Fault is one planned fault for Organization.Inject.
	Fault = cloud.Fault
	// Effect is what a fault does to a call.
	Effect = cloud.Effect
	// Rates are the chances of random faults.
	Rates = cloud.Rates
	// Gauge names a set of operations counted together.
	Gauge = cloud.Gauge
	// Level is the reading of one gauge.
	Level = cloud.Level
	// Artefact is something a backup, copy or restore made.
	Artefact = cloud.Artefact
	// Session is who makes a call, and with what session policy.
	Session = cloud.Session
	// Role is what an account says about one of its roles.
	Role = cloud.Role
)

// Making is, as the operation of a Gauge, backups and copies together.
const Making = cloud.Making

// RoleName is the name of the role the organization's own sessions are of.
func RoleName(purpose resource.Purpose) string { return cloud.RoleName(purpose) }

// The effects a fault can have.
const (
	Throttle    = cloud.Throttle
	ServerError = cloud.ServerError
	Denied      = cloud.Denied
	Expired     = cloud.Expired
	LostAnswer  = cloud.LostAnswer
	Hang        = cloud.Hang
	Stall       = cloud.Stall
	FailLater   = cloud.FailLater
	PartLater   = cloud.PartLater
	Vanish      = cloud.Vanish
)

// New returns an organization with every simulated service and no resources. It refuses
// options no organization can have, such as an account id that is not twelve digits.
func New(options Options) (*Organization, error) {
	if options.Services == nil {
		options.Services = services()
	}
	return cloud.New(options)
}
