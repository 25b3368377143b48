// Package neptune protects Neptune clusters with manual DB cluster snapshots.
//
// Everything is in driver/internal/rdscluster; here is what Neptune alone has.
//
//   - Its API is a part of RDS's, at RDS's endpoints, with ARNs and IAM actions of rds, and
//     lists the clusters of Aurora and DocumentDB too.
//   - Listings show no tags, so each cluster's are asked for; snapshots cannot be filtered,
//     so a look is one listing of all manual ones, of which a region has 100 by default.
//   - A copy may change account and region in one step once the snapshot is shared. A copy
//     cannot be encrypted where its source is not.
//   - Neptune Analytics graphs are another service and are not seen here.
//
// https://docs.aws.amazon.com/neptune/latest/userguide/backup-restore-copy-snapshot.html
// https://docs.aws.amazon.com/neptune/latest/apiref/API_DescribeDBClusterSnapshots.html
// https://docs.aws.amazon.com/neptune/latest/userguide/limits.html
package neptune
