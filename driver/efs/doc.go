// Package efs protects EFS file systems. EFS has no backups of its own: AWS Backup makes,
// copies, restores and deletes them (driver/awsbackup), and this package knows how file
// systems are listed and what a restored one needs.
//
// Quirks worth knowing:
//   - A restore never overwrites: the data land in a directory aws-backup-restore_DATETIME,
//     also in a new file system.
//   - A new file system has no mount targets, no lifecycle rules and no tags: FinishRestore
//     gives it the source's, mount targets only where asked for.
//   - Mount targets, their security groups and the lifecycle rules cost calls of their own:
//     one for each file system and one for each mount target.
//
// https://docs.aws.amazon.com/efs/latest/ug/awsbackup.html
// https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-efs.html
package efs
