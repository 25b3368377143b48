// Package all is the one list of drivers. A new kind is its folder and a line here.
package all

import (
	"holdfast/driver"
	"holdfast/driver/aurora"
	"holdfast/driver/awsbackup"
	"holdfast/driver/docdb"
	"holdfast/driver/dynamodb"
	"holdfast/driver/ebs"
	"holdfast/driver/ec2"
	"holdfast/driver/efs"
	"holdfast/driver/fsxlustre"
	"holdfast/driver/fsxwindows"
	"holdfast/driver/neptune"
	"holdfast/driver/rds"
	"holdfast/driver/s3"
	"holdfast/driver/vmware"
	"holdfast/internal/awssession"
)

// New returns a registry of every driver, each taking its AWS configurations from
// sessions. Sessions may be nil where only descriptors are asked for.
func New(sessions awssession.Provider) *driver.Registry {
	return driver.NewRegistry(
		ec2.New(sessions),
		ebs.New(sessions),
		rds.New(sessions),
		aurora.New(sessions),
		neptune.New(sessions),
		docdb.New(sessions),
		dynamodb.New(sessions),
		efs.New(sessions, awsbackup.Options{}),
		fsxlustre.New(sessions),
		fsxwindows.New(sessions),
		s3.New(sessions, awsbackup.Options{}),
		vmware.New(sessions, awsbackup.Options{}),
	)
}
