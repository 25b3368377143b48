// Package rdscluster is the driver of DB clusters, for every service whose clusters have
// RDS's API: Aurora is RDS, and the APIs of Neptune and DocumentDB are parts of RDS's,
// with the same operations, fields, error codes and IAM actions. It is written in the
// types of RDS's SDK; Call turns them into those of the other two.
//
// A cluster is backed up as one manual cluster snapshot. A snapshot has the cluster's
// volume and nothing of its instances, so Discover records them, and a restore makes the
// cluster first and then, in FinishRestore, an instance for each recorded one: the writer,
// which is whichever AWS sees first, and then the readers at once.
//
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-restore-snapshot.html
// https://docs.aws.amazon.com/neptune/latest/userguide/backup-restore-restore-snapshot.html
// https://docs.aws.amazon.com/documentdb/latest/developerguide/backup_restore-restore_from_snapshot.html
package rdscluster
