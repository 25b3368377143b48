// Package fsxlustre protects Amazon FSx for Lustre file systems with FSx backups.
//
// Everything but what a Lustre file system is made of is in driver/internal/fsxbackup.
//
//   - Only persistent file systems that are not linked to a data repository have backups;
//     the others are listed as unsupported.
//   - A restored file system has the backup's deployment type, storage type, capacity and
//     throughput per unit of storage; only the Lustre version may be newer.
//
// https://docs.aws.amazon.com/fsx/latest/LustreGuide/using-backups-fsx.html
// https://docs.aws.amazon.com/fsx/latest/LustreGuide/restoring-backups.html
package fsxlustre
