// Package rdssnap is what the drivers of the RDS family have in common: manual snapshots
// of DB instances and of DB clusters, made, found, observed, copied, shared and deleted
// in the same way, under calls of different names.
//
// A snapshot's identifier is the mark's token. AWS refuses a second one of that name, and
// then what has the name is adopted if it carries the same mark and comes from the same
// source. Tags go on in the call that makes the snapshot.
//
// A copy into another account is three calls: share the snapshot with the account as its
// owner, copy it as that account in the region it is to lie in, and stop sharing it when
// the copy has ended. The last one is FinishCopy, which the engine repeats until it worked.
//
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ShareSnapshot.html
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-copy-snapshot.html
package rdssnap
