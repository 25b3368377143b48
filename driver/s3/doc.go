// Package s3 protects S3 buckets. S3 has no backups of its own: AWS Backup makes, copies,
// restores and deletes them (driver/awsbackup), and this package knows how buckets are
// listed and what a restore takes.
//
// Quirks worth knowing:
//   - A bucket without versioning cannot be backed up; it is listed as unsupported.
//   - Listing is per account: a bucket is asked for in its own region, and its tags and
//     versioning cost a call each.
//   - Not saved: bucket policy and settings, objects encrypted with keys of the customer's
//     own (SSE-C), objects in Glacier storage classes. Directory buckets are not listed.
//   - A restore goes into a bucket that exists, the source unless told otherwise. Objects
//     that are there are never overwritten. It leaves no mark: the bucket is not ours.
//   - A copy in another region is restored into a bucket there, and cannot keep the
//     original encryption.
//
// https://docs.aws.amazon.com/aws-backup/latest/devguide/s3-backups.html
// https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-s3.html
package s3
