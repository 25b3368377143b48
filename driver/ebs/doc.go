// Package ebs protects EBS volumes with EBS snapshots.
//
// How AWS does it: CreateSnapshot answers at once with a pending snapshot and copies in
// the background. It takes no idempotency token and snapshots carry no unique name, so
// the mark goes on as tags in the very call that makes the snapshot, and Find looks for
// the tag. EC2 reads are eventually consistent: an empty Find may be wrong for a while
// (Descriptor.Settle). CreateVolume does take a token, so a restore may be repeated.
//
// Quirks worth knowing:
//   - CreateSnapshot and CopySnapshot are not repeated by the SDK unless throttled: after
//     a lost answer a second call would make a second snapshot.
//   - One snapshot per volume in 15 seconds; class busy.
//   - A snapshot is looked for by filter, not by id: one unknown id fails a whole
//     DescribeSnapshots call.
//   - The volume id of a copied snapshot is arbitrary; the origin is in the mark.
//   - A copy with a key that cannot be used fails later, in state error.
//   - A snapshot goes to another region first and to another account from there; what the
//     account's default key encrypts cannot be shared, and is copied with another key first.
//   - CreateVolume gives a gp2 volume unless told otherwise, so the recorded type, IOPS
//     and throughput are always passed.
//
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-snapshots.html
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-copy-snapshot.html
package ebs
