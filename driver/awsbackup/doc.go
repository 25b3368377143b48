// Package awsbackup is the AWS Backup engine: one implementation for every kind AWS Backup
// protects. A kind brings what AWS Backup does not know (Kind): how its resources are
// listed, what a restore of it takes, and where the tags of its points are.
//
// How AWS does it, and what follows:
//   - Backups, copies and restores are jobs. A reference is a job's id; the recovery point a
//     backup or copy leaves is known by vault and ARN together, "VAULT/ARN".
//   - Jobs carry no tags. A repeated idempotency token answers with the first job for about
//     an hour: every operation is Repeatable. Later a backup is found by its point's tags;
//     a copy or restore cannot be told from another and is left to the operator.
//   - Jobs are looked at by listing all of a kind since the oldest that is asked for, newest
//     first, and the listing stops when every one was seen. It goes back 30 days: older
//     jobs are asked for by name.
//   - A copy job is started and looked at in the source's account and region. Its reference
//     is "ACCOUNT/REGION/JOB". A copy has its source's tags until MarkCopy gives it its own.
//   - The source's tags come along to the point; more than 50 in all fail the job.
//   - Vaults are made when they are missing. A key of a copy request is the key of a vault
//     made for it: a vault has one key, and AWS Backup encrypts copies with it.
//   - Deletion is Holdfast's. A vault lock with a maximum insists on a retention, so there,
//     and only there, AWS is told when the point is to be deleted. Cold storage is AWS's.
//   - A point's lifecycle can be changed as long as it is warm and its vault not locked; only
//     the way to cold storage is (MoveToCold). So where AWS was told when to delete a point,
//     under a lock, nothing but a legal hold of AWS's keeps it longer.
//   - Points of most kinds with snapshots of their own are such snapshots, which only AWS
//     Backup may delete and only their own service tags (PointTags).
//   - DeleteRecoveryPoint answers before it is done; what AWS could not delete turns EXPIRED
//     and is reported as a failed deletion, to be tried again.
//   - Describing a vault that does not exist may be refused as denied.
//
// https://docs.aws.amazon.com/aws-backup/latest/devguide/whatisbackup.html
package awsbackup
