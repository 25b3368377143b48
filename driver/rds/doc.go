// Package rds protects RDS DB instances with manual DB snapshots.
//
// How AWS does it: CreateDBSnapshot and CopyDBSnapshot take an identifier that is unique
// in the account and region, so the mark's token is the identifier and a second call is
// refused with DBSnapshotAlreadyExists. The driver then adopts the snapshot if it carries
// the same mark and comes from the same source. Tags go on in the same call. The same
// holds for the identifier of a restored instance.
//
// Quirks worth knowing:
//   - DescribeDBInstances also returns members of Aurora, Neptune, DocumentDB and
//     Multi-AZ clusters; those belong to other kinds and are skipped.
//   - An instance must be available (or optimizing its storage) to be backed up.
//   - A copy of an encrypted snapshot into another region needs a key of that region.
//   - Copies of one instance's snapshots are made one after another by AWS.
//   - A restore that names no groups lands in the default VPC with default groups, so
//     the recorded ones are always passed; in another region or account they mean
//     nothing and must be given.
//   - Monitoring, Performance Insights and storage autoscaling cannot be set by the
//     restore; FinishRestore sets them.
//   - The master password is in the snapshot; it is never seen here.
//
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CreateSnapshot.html
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RestoreFromSnapshot.html
package rds
