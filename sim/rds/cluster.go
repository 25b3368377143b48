package rds

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// cluster is a DB cluster of any engine. Its instances are in Service.instances.
type cluster struct {
	id       string
	place    cloud.Place
	data     types.DBCluster // without what changes by itself: status, members, tags
	tags     map[string]string
	creating cloud.Progress
	// backingUp and modifying are when these states end.
	backingUp, modifying time.Time
	restoredFrom         string // ARN of the snapshot, empty for others
	job                  string // of AWS Backup that restored it, empty for others
	deleted              time.Time
}

// kindOf returns the kind a cluster or cluster snapshot with an engine is of.
func kindOf(engine string) resource.Kind {
	switch engine {
	case "neptune":
		return resource.Neptune
	case "docdb":
		return resource.DocDB
	default:
		return resource.Aurora
	}
}

// engineOf returns engine, version and port of a new cluster. An odd Aurora cluster is a
// Multi-AZ DB cluster, which has the engine of an instance.
func engineOf(b cloud.Blueprint) (engine, version string, port int32) {
	switch {
	case b.Kind == resource.Neptune:
		return "neptune", "1.3.2.1", 8182
	case b.Kind == resource.DocDB:
		return "docdb", "5.0.0", 27017
	case b.Odd:
		return "postgres", "16.4", 5432
	default:
		return "aurora-postgresql", "16.4", 5432
	}
}

func noCluster(id string) error {
	return &types.DBClusterNotFoundFault{Message: aws.String("DBCluster " + id + " not found.")}
}

// createCluster puts a cluster with a writer and a reader into the organization.
func (s *Service) createCluster(c *cloud.Call, b cloud.Blueprint) (string, error) {
	id, err := parseID("Name", aws.String(cmp.Or(b.Name, "cl-"+c.NewID("", 4))), 52)
	if err != nil {
		return "", fmt.Errorf("create DB cluster: %w", err)
	}
	if _, taken := s.clusters.Get(c.Place, id); taken {
		return "", fmt.Errorf("create DB cluster: %s exists", id)
	}
	made := &cluster{id: id, place: c.Place, data: clusterTemplate(c, id, b), tags: maps.Clone(b.Tags)}
	if made.tags == nil {
		made.tags = map[string]string{}
	}
	s.clusters.Put(c.Place, id, made)
	for n := range int32(2) {
		in := &rds.CreateDBInstanceInput{
			DBInstanceIdentifier: aws.String(fmt.Sprintf("%s-%d", id, n+1)), DBInstanceClass: aws.String("db.r6g.large"),
			PromotionTier: aws.Int32(n), AvailabilityZone: aws.String(c.Place.Region + string(rune('a'+n))),
		}
		s.addMember(c, made, in)
	}
	return *made.data.DBClusterArn, nil
}

// clusterTemplate is a cluster as a company would have it.
func clusterTemplate(c *cloud.Call, id string, b cloud.Blueprint) types.DBCluster {
	engine, version, port := engineOf(b)
	d := types.DBCluster{
		DBClusterIdentifier: &id, DBClusterArn: aws.String(c.ARN("rds", "cluster:"+id)), Engine: &engine, EngineVersion: &version,
		EngineMode: aws.String("provisioned"), Port: &port, DbClusterResourceId: aws.String("cluster-" + strings.ToUpper(c.NewID("", 26))),
		AllocatedStorage: aws.Int32(int32(cmp.Or(b.SizeGiB, 20))), StorageEncrypted: aws.Bool(false),
		DBSubnetGroup: aws.String("private"), DBClusterParameterGroup: aws.String("default." + engine),
		VpcSecurityGroups: securityGroups([]string{"sg-0a1b2c3d"}), MasterUsername: aws.String("admin_user"),
		BackupRetentionPeriod: aws.Int32(7), CopyTagsToSnapshot: aws.Bool(false), DeletionProtection: aws.Bool(false),
		IAMDatabaseAuthenticationEnabled: aws.Bool(false), ClusterCreateTime: aws.Time(c.Now.AddDate(0, -6, 0)),
		Endpoint: aws.String(id + ".cluster." + c.Place.Region + ".rds.example.com"),
	}
	if b.Encrypted {
		d.StorageEncrypted, d.KmsKeyId = aws.Bool(true), keyOf(c, b)
	}
	return d
}

// addMember adds an instance, available at once, to a cluster.
func (s *Service) addMember(c *cloud.Call, of *cluster, in *rds.CreateDBInstanceInput) *instance {
	id := strings.ToLower(*in.DBInstanceIdentifier)
	data := template(c, id, *of.data.Engine, *of.data.AllocatedStorage)
	data.EngineVersion, data.DBClusterIdentifier = of.data.EngineVersion, aws.String(of.id)
	data.StorageType, data.Iops, data.StorageThroughput = aws.String("aurora"), nil, nil
	data.StorageEncrypted, data.KmsKeyId = of.data.StorageEncrypted, of.data.KmsKeyId
	data.DBInstanceClass = choose(in.DBInstanceClass, data.DBInstanceClass)
	data.PromotionTier = choose(in.PromotionTier, aws.Int32(1))
	data.AvailabilityZone = choose(in.AvailabilityZone, data.AvailabilityZone)
	data.CACertificateIdentifier = choose(in.CACertificateIdentifier, data.CACertificateIdentifier)
	data.PubliclyAccessible = choose(in.PubliclyAccessible, data.PubliclyAccessible)
	data.MonitoringInterval = choose(in.MonitoringInterval, data.MonitoringInterval)
	data.MonitoringRoleArn = choose(in.MonitoringRoleArn, data.MonitoringRoleArn)
	data.PerformanceInsightsEnabled = choose(in.EnablePerformanceInsights, data.PerformanceInsightsEnabled)
	data.DBParameterGroups = parameterGroups(cmp.Or(aws.ToString(in.DBParameterGroupName), "default."+*of.data.Engine))
	data.OptionGroupMemberships = nil
	i := &instance{id: id, place: c.Place, data: data, tags: map[string]string{}, writer: len(s.members(of)) == 0}
	s.instances.Put(c.Place, id, i)
	return i
}

// members returns the instances of a cluster, ordered by id.
func (s *Service) members(of *cluster) []*instance {
	return slices.DeleteFunc(s.instances.In(of.place), func(i *instance) bool {
		return aws.ToString(i.data.DBClusterIdentifier) != of.id
	})
}

// status follows from the clock.
func (c *cluster) status(now time.Time) string {
	switch {
	case c.creating.Running(now):
		return "creating"
	case c.creating.Failed(now):
		return "failed"
	case now.Before(c.modifying):
		return "modifying"
	case now.Before(c.backingUp):
		return "backing-up"
	default:
		return "available"
	}
}

func (s *Service) describeCluster(of *cluster, now time.Time) types.DBCluster {
	out := of.data
	out.Status, out.TagList = aws.String(of.status(now)), tagList(of.tags)
	if days := aws.ToInt32(out.BackupRetentionPeriod); days > 0 {
		first, last := cloud.Moments(now, *out.ClusterCreateTime, int(days))
		out.EarliestRestorableTime, out.LatestRestorableTime = &first, &last
	}
	for _, i := range s.members(of) {
		out.DBClusterMembers = append(out.DBClusterMembers, types.DBClusterMember{
			DBInstanceIdentifier: aws.String(i.id), IsClusterWriter: aws.Bool(i.writer), PromotionTier: i.data.PromotionTier,
			DBClusterParameterGroupStatus: aws.String("in-sync"),
		})
	}
	return out
}

func (s *Service) describeClusters(c *cloud.Call, in *rds.DescribeDBClustersInput) (*rds.DescribeDBClustersOutput, error) {
	limit, err := pageSize(in.MaxRecords)
	if err != nil {
		return nil, err
	}
	var found []*cluster
	for _, of := range s.clusters.In(c.Place) {
		ok, err := matches(in.Filters, map[string]string{
			"db-cluster-id": of.id, "engine": *of.data.Engine, "db-cluster-resource-id": *of.data.DbClusterResourceId,
		})
		if err != nil {
			return nil, err
		}
		if ok && (in.DBClusterIdentifier == nil || strings.EqualFold(*in.DBClusterIdentifier, of.id)) {
			found = append(found, of)
		}
	}
	if in.DBClusterIdentifier != nil && len(found) == 0 {
		return nil, noCluster(*in.DBClusterIdentifier)
	}
	page, next, err := cloud.Page(found, func(of *cluster) string { return of.id }, aws.ToString(in.Marker), limit)
	if err != nil {
		return nil, err
	}
	out := &rds.DescribeDBClustersOutput{Marker: marker(next)}
	for _, of := range page {
		out.DBClusters = append(out.DBClusters, s.describeCluster(of, c.Now))
	}
	return out, nil
}

// dropCluster removes a cluster and its instances.
func (s *Service) dropCluster(c *cloud.Call, of *cluster) {
	for _, i := range s.members(of) {
		s.dropInstance(c, i)
	}
	c.Cancel(&of.creating)
	of.deleted = c.Now
	s.clusters.Delete(c.Place, of.id)
	if of.restoredFrom != "" {
		s.removedClusters = append(s.removedClusters, of)
	}
}
