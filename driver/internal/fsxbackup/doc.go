// Package fsxbackup is the driver of Amazon FSx file systems that are backed up with FSx's
// own backups: Lustre and Windows File Server have the same API and differ in what a file
// system is made of, which each kind's folder says.
//
// How AWS does it: CreateBackup, CopyBackup and CreateFileSystemFromBackup answer at once
// and work in the background. Each takes a client request token, the mark's, and answers a
// repeated one with what the first call made. Tags go on in the call that makes the backup;
// a backup keeps the configuration of its file system.
//
// Quirks worth knowing:
//   - One unknown id fails a whole DescribeBackups or DescribeFileSystems; the listing is
//     then read instead.
//   - No listing can be filtered by tag.
//   - A copy stays inside its account. AWS Backup copies to others.
//   - DescribeFileSystems never shows security groups; those of the file system's network
//     interfaces are recorded.
//   - A file system joined to a self-managed Active Directory is restored with a secret in
//     Secrets Manager that FSx reads itself: no password passes through here.
//   - Backups that AWS Backup made are deleted through AWS Backup alone, which calls every
//     type of file system FSx: FSx tells which backups are of which type.
//
// https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateBackup.html
// https://docs.aws.amazon.com/fsx/latest/APIReference/API_CopyBackup.html
// https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateFileSystemFromBackup.html
package fsxbackup
