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
	"holdfast/driver/storagegateway"
	"holdfast/driver/vmware"
	"holdfast/internal/awssession"
)

// New returns a registry of every driver, each taking its AWS configurations from
// sessions. Sessions may be nil where only descriptors are asked for.
func New(sessions awssession.Provider) *driver.Registry { return With(sessions, awsbackup.Options{}) }

// With is New with settings of the AWS Backup engine.
func With(sessions awssession.Provider, o awsbackup.Options) *driver.Registry {
	return driver.NewRegistry(
		ec2.New(sessions), ec2.NewAWSBackup(sessions, o),
		ebs.New(sessions), ebs.NewAWSBackup(sessions, o),
		rds.New(sessions), rds.NewAWSBackup(sessions, o),
		aurora.New(sessions), aurora.NewAWSBackup(sessions, o),
		neptune.New(sessions), neptune.NewAWSBackup(sessions, o),
		docdb.New(sessions), docdb.NewAWSBackup(sessions, o),
		dynamodb.New(sessions), dynamodb.NewAWSBackup(sessions, o),
		efs.New(sessions, o),
		fsxlustre.New(sessions), fsxlustre.NewAWSBackup(sessions, o),
		fsxwindows.New(sessions), fsxwindows.NewAWSBackup(sessions, o),
		storagegateway.New(sessions), storagegateway.NewAWSBackup(sessions, o),
		s3.New(sessions, o),
		vmware.New(sessions, o),
	)
}
