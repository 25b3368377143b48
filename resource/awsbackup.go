package resource

// awsBackupTypes are AWS Backup's names of resource types.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupJob.html
var awsBackupTypes = map[Kind]string{
	EC2: "EC2", EBS: "EBS", RDS: "RDS", Aurora: "Aurora", Neptune: "Neptune", DocDB: "DocumentDB",
	DynamoDB: "DynamoDB", EFS: "EFS", FSxLustre: "FSx", FSxWindows: "FSx", StorageGateway: "Storage Gateway",
	S3: "S3", VMware: "VirtualMachine",
}

// AWSBackupType returns what AWS Backup calls resources of the kind in its jobs, events
// and metrics: EBS, DocumentDB, VirtualMachine.
func (k Kind) AWSBackupType() string { return awsBackupTypes[k] }
