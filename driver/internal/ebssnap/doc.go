// Package ebssnap is what the kinds that are backed up with EBS snapshots have in common:
// snapshots found, observed, copied, listed and deleted in the same way, whoever began
// them: EC2 for a volume, a storage gateway for one of its own.
//
// A snapshot carries the mark as tags, put on in the call that makes it. Neither that call
// nor a copy takes a token and snapshots carry no unique name, so Find looks for the tag.
// EC2 reads are eventually consistent: an empty Find may be wrong for a while.
//
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-snapshots.html
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-copy-snapshot.html
package ebssnap
