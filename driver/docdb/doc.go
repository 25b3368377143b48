// Package docdb protects DocumentDB clusters with manual DB cluster snapshots.
//
// Everything is in driver/internal/rdscluster; here is what DocumentDB alone has.
//
//   - Its API is a part of RDS's, at RDS's endpoints, with ARNs and IAM actions of rds, and
//     lists the clusters of Aurora and Neptune too.
//   - Listings show no tags, so each cluster's are asked for; snapshots are looked at by one
//     listing of all manual ones, of which a region has 100 by default.
//   - The API reference lets a shared snapshot be copied within its region only, the guide
//     says any region. The stricter one is relied on: into another account first, from
//     there into another region.
//   - A copy into another region is always full, and a copy cannot be encrypted where its
//     source is not.
//   - Elastic clusters are another API (docdb-elastic) and are not seen here.
//
// https://docs.aws.amazon.com/documentdb/latest/developerguide/backup_restore-copy_cluster_snapshot.html
// https://docs.aws.amazon.com/documentdb/latest/developerguide/backup_restore-share_cluster_snapshots.html
// https://docs.aws.amazon.com/documentdb/latest/developerguide/limits.html
package docdb
