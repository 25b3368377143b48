package rds

import (
	"cmp"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

type instance struct {
	id       string
	place    cloud.Place
	data     types.DBInstance // without what changes by itself: status, tags
	tags     map[string]string
	creating cloud.Progress
	// backingUp and modifying are when these states end.
	backingUp, modifying time.Time
	writer               bool   // of its cluster
	restoredFrom         string // ARN of the snapshot, empty for others
	job                  string // of AWS Backup that restored it, empty for others
	deleted              time.Time
}

func noInstance(id string) error {
	return &types.DBInstanceNotFoundFault{Message: aws.String("DBInstance " + id + " not found.")}
}

// Create puts a DB instance or cluster into the organization. An odd instance is a member
// of an Aurora, Neptune or DocumentDB cluster, which DescribeDBInstances returns like any
// other.
func (s *Service) Create(c *cloud.Call, b cloud.Blueprint) (string, error) {
	if b.Kind != resource.RDS {
		return s.createCluster(c, b)
	}
	suffix := c.NewID("", 4)
	id, err := parseID("Name", aws.String(cmp.Or(b.Name, "db-"+suffix)), 63)
	if err != nil {
		return "", fmt.Errorf("create DB instance: %w", err)
	}
	if _, taken := s.instances.Get(c.Place, id); taken {
		return "", fmt.Errorf("create DB instance: %s exists", id)
	}
	engine, cluster := "postgres", ""
	if b.Odd {
		engines := []string{"aurora-postgresql", "neptune", "docdb"}
		engine, cluster = engines[int(suffix[0])%len(engines)], id+"-cluster"
	}
	data := template(c, id, engine, int32(cmp.Or(b.SizeGiB, 20)))
	if cluster != "" {
		data.DBClusterIdentifier = &cluster
	}
	if b.Encrypted {
		data.StorageEncrypted, data.KmsKeyId = aws.Bool(true), keyOf(c, b)
	}
	tags := maps.Clone(b.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	s.instances.Put(c.Place, id, &instance{id: id, place: c.Place, data: data, tags: tags})
	return *data.DBInstanceArn, nil
}

// template is a DB instance as a company would have it.
func template(c *cloud.Call, id, engine string, size int32) types.DBInstance {
	return types.DBInstance{
		DBInstanceIdentifier: &id, DBInstanceArn: aws.String(c.ARN("rds", "db:"+id)), Engine: &engine, EngineVersion: aws.String("16.4"),
		DbiResourceId: aws.String("db-" + strings.ToUpper(c.NewID("", 26))), DBInstanceClass: aws.String("db.t4g.medium"),
		AllocatedStorage: &size, StorageType: aws.String("gp3"), Iops: aws.Int32(3000), StorageThroughput: aws.Int32(125),
		StorageEncrypted: aws.Bool(false), MultiAZ: aws.Bool(false), PubliclyAccessible: aws.Bool(false),
		AvailabilityZone: aws.String(c.Place.Region + "a"), InstanceCreateTime: aws.Time(c.Now.AddDate(0, -6, 0)),
		Endpoint: &types.Endpoint{
			Address: aws.String(id + "." + c.Place.Region + ".rds.example.com"), Port: aws.Int32(5432),
		},
		DBSubnetGroup:                    &types.DBSubnetGroup{DBSubnetGroupName: aws.String("private"), VpcId: aws.String("vpc-0a1b2c3d")},
		VpcSecurityGroups:                []types.VpcSecurityGroupMembership{{VpcSecurityGroupId: aws.String("sg-0a1b2c3d"), Status: aws.String("active")}},
		DBParameterGroups:                []types.DBParameterGroupStatus{{DBParameterGroupName: aws.String("default.postgres16"), ParameterApplyStatus: aws.String("in-sync")}},
		OptionGroupMemberships:           []types.OptionGroupMembership{{OptionGroupName: aws.String("default:postgres-16"), Status: aws.String("in-sync")}},
		MasterUsername:                   aws.String("admin_user"),
		BackupRetentionPeriod:            aws.Int32(7),
		CopyTagsToSnapshot:               aws.Bool(false),
		DeletionProtection:               aws.Bool(false),
		CACertificateIdentifier:          aws.String("rds-ca-rsa2048-g1"),
		MonitoringInterval:               aws.Int32(0),
		PerformanceInsightsEnabled:       aws.Bool(false),
		IAMDatabaseAuthenticationEnabled: aws.Bool(false),
		LicenseModel:                     aws.String("postgresql-license"),
	}
}

// status follows from the clock.
func (i *instance) status(now time.Time) string {
	switch {
	case i.creating.Running(now):
		return "creating"
	case i.creating.Failed(now):
		return "failed"
	case now.Before(i.modifying):
		return "modifying"
	case now.Before(i.backingUp):
		return "backing-up"
	default:
		return "available"
	}
}

func (i *instance) describe(now time.Time) types.DBInstance {
	out := i.data
	out.DBInstanceStatus = aws.String(i.status(now))
	out.TagList = tagList(i.tags)
	if days := aws.ToInt32(out.BackupRetentionPeriod); days > 0 {
		_, last := cloud.Moments(now, *out.InstanceCreateTime, int(days))
		out.LatestRestorableTime = &last
	}
	if i.creating.Running(now) {
		out.Endpoint = nil
	}
	return out
}

func (s *Service) describeInstances(c *cloud.Call, in *rds.DescribeDBInstancesInput) (*rds.DescribeDBInstancesOutput, error) {
	limit, err := pageSize(in.MaxRecords)
	if err != nil {
		return nil, err
	}
	out := &rds.DescribeDBInstancesOutput{}
	if in.DBInstanceIdentifier != nil {
		_, id := splitARN(*in.DBInstanceIdentifier)
		id = cmp.Or(id, strings.ToLower(*in.DBInstanceIdentifier))
		i, ok := s.instances.Get(c.Place, id)
		if !ok {
			return nil, noInstance(id)
		}
		out.DBInstances = []types.DBInstance{i.describe(c.Now)}
		return out, nil
	}
	var found []*instance
	for _, i := range s.instances.In(c.Place) {
		ok, err := matches(in.Filters, map[string]string{
			"db-instance-id": i.id, "db-cluster-id": aws.ToString(i.data.DBClusterIdentifier),
			"dbi-resource-id": *i.data.DbiResourceId, "engine": *i.data.Engine,
		})
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, i)
		}
	}
	page, next, err := cloud.Page(found, func(i *instance) string { return i.id }, aws.ToString(in.Marker), limit)
	if err != nil {
		return nil, err
	}
	out.Marker = marker(next)
	for _, i := range page {
		out.DBInstances = append(out.DBInstances, i.describe(c.Now))
	}
	return out, nil
}

func (s *Service) dropInstance(c *cloud.Call, i *instance) {
	c.Cancel(&i.creating)
	i.deleted = c.Now
	s.instances.Delete(c.Place, i.id)
	if i.restoredFrom != "" {
		s.removed = append(s.removed, i)
	}
}

func (s *Service) deleteInstance(c *cloud.Call, in *rds.DeleteDBInstanceInput) (*rds.DeleteDBInstanceOutput, error) {
	id := strings.ToLower(aws.ToString(in.DBInstanceIdentifier))
	i, ok := s.instances.Get(c.Place, id)
	switch {
	case !ok:
		return nil, noInstance(id)
	case !aws.ToBool(in.SkipFinalSnapshot):
		return nil, cloud.Errorf("UnsupportedOperation", "the simulated DeleteDBInstance takes no final snapshot: set SkipFinalSnapshot")
	case aws.ToBool(i.data.DeletionProtection):
		return nil, cloud.Errorf("InvalidParameterCombination", "Cannot delete protected DB Instance, please disable deletion protection and try again.")
	}
	s.dropInstance(c, i)
	d := i.describe(c.Now)
	d.DBInstanceStatus = aws.String("deleting")
	return &rds.DeleteDBInstanceOutput{DBInstance: &d}, nil
}
