// Package aurora protects Aurora clusters with manual DB cluster snapshots.
//
// Everything is in driver/internal/rdscluster; here is what Aurora alone has.
//
//   - DescribeDBClusters lists the clusters of Neptune and DocumentDB too, so the engines
//     are asked for by name. Multi-AZ DB clusters are listed there as well: AWS can
//     neither copy nor share their snapshots, so they are reported as unsupported.
//   - Snapshots are full, never incremental, and a copy cannot be encrypted where its
//     source is not: give the restore a key instead.
//   - A copy may change account and region in one step once the snapshot is shared.
//   - The page on copies says 5 in progress per destination region, the one on quotas 20:
//     5 is what is relied on.
//
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-copy-snapshot.html
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/multi-az-db-clusters-concepts.html
package aurora
