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
	"holdfast/driver/iam"
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

// With is New with settings of the AWS Backup engine. Every driver gets sessions that can do
// what its descriptor lists and no more.
func With(sessions awssession.Provider, o awsbackup.Options) *driver.Registry {
	return driver.NewRegistry(
		narrow(sessions, ec2.New), backup(sessions, o, ec2.NewAWSBackup),
		narrow(sessions, ebs.New), backup(sessions, o, ebs.NewAWSBackup),
		narrow(sessions, rds.New), backup(sessions, o, rds.NewAWSBackup),
		narrow(sessions, aurora.New), backup(sessions, o, aurora.NewAWSBackup),
		narrow(sessions, neptune.New), backup(sessions, o, neptune.NewAWSBackup),
		narrow(sessions, docdb.New), backup(sessions, o, docdb.NewAWSBackup),
		narrow(sessions, dynamodb.New), backup(sessions, o, dynamodb.NewAWSBackup),
		backup(sessions, o, efs.New),
		narrow(sessions, fsxlustre.New), backup(sessions, o, fsxlustre.NewAWSBackup),
		narrow(sessions, fsxwindows.New), backup(sessions, o, fsxwindows.NewAWSBackup),
		narrow(sessions, storagegateway.New), backup(sessions, o, storagegateway.NewAWSBackup),
		backup(sessions, o, s3.New),
		backup(sessions, o, vmware.New),
	)
}

// narrow builds a driver whose sessions can do what its descriptor lists and no more.
func narrow[D driver.Driver](sessions awssession.Provider, build func(awssession.Provider) D) driver.Driver {
	return build(iam.Sessions(sessions, build(nil).Descriptor()))
}

// backup is narrow for a driver through AWS Backup.
func backup(sessions awssession.Provider, o awsbackup.Options, build func(awssession.Provider, awsbackup.Options) *awsbackup.Driver) driver.Driver {
	return narrow(sessions, func(p awssession.Provider) *awsbackup.Driver { return build(p, o) })
}
