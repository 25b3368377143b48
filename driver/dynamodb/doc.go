// Package dynamodb protects DynamoDB tables with on-demand backups.
//
// How AWS does it: CreateBackup takes no token, its backups carry no tags, and their
// names may repeat. So the mark is the name (driver.Mark.Name), Find lists the table's
// backups, and an empty Find may be wrong for a while (Descriptor.Settle). A restore
// makes a table, whose name is unique: the name is derived from the mark, and a repeated
// call is refused and adopts.
//
// Quirks worth knowing:
//   - A table's settings are spread over four calls (DescribeTable, ListTagsOfResource,
//     DescribeTimeToLive, DescribeContinuousBackups), the last three at about 10 a second,
//     so Discover makes four calls per table, one table after another.
//   - Backups cannot be copied; a restore may run in another region.
//   - A backup has neither a progress nor a failed state.
//   - A restored table has no tags, TTL, stream, point-in-time recovery, deletion
//     protection or table class; FinishRestore applies them. AWS changes a table one
//     step at a time, so it may be busy in between.
//   - Auto scaling, alarms and resource policies are not restored.
//   - Each region of a global table is a table of its own here.
//
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Backup.Tutorial.html
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Restore.Tutorial.html
package dynamodb
