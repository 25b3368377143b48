// Package fsxwindows protects Amazon FSx for Windows File Server file systems with FSx
// backups.
//
// Everything but what a Windows file system is made of is in driver/internal/fsxbackup.
//
//   - A restored file system has the backup's deployment type and capacity and joins a
//     directory of the same kind: one AWS manages, or the customer's own.
//   - The credentials to join the customer's own directory are in no backup and are never
//     recorded. A restore takes the ARN of a secret that FSx reads itself.
//   - Multi-AZ file systems are in two subnets, one of them the preferred.
//
// https://docs.aws.amazon.com/fsx/latest/WindowsGuide/using-backups.html
// https://docs.aws.amazon.com/fsx/latest/WindowsGuide/restoring-backups.html
// https://docs.aws.amazon.com/fsx/latest/WindowsGuide/self-managed-AD.html
package fsxwindows
