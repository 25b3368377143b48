package rds

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

var _ cloud.Keeper = (*Service)(nil)

// typesByKind are AWS Backup's names of the kinds.
var typesByKind = map[resource.Kind]string{
	resource.RDS: "RDS", resource.Aurora: "Aurora", resource.Neptune: "Neptune", resource.DocDB: "DocumentDB",
}

// keptByBackup refuses to delete what AWS Backup made.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/deleting-backups.html
func keptByBackup(id string) error {
	return cloud.Errorf("InvalidParameterCombination", "The snapshot %s is managed by AWS Backup and cannot be deleted by RDS.", id)
}

// Protect returns what AWS Backup sees of a DB instance or cluster. A member of a cluster
// cannot be backed up by itself.
func (s *Service) Protect(c *cloud.Call, arn string) (cloud.Protected, bool) {
	kind, id := splitARN(arn)
	if kind == "cluster" {
		of, ok := s.clusters.Get(c.Place, id)
		if !ok {
			return cloud.Protected{}, false
		}
		return of.protected(), true
	}
	i, ok := s.instances.Get(c.Place, id)
	if !ok || kind != "db" {
		return cloud.Protected{}, false
	}
	return i.protected(), true
}

// protected has the metadata AWS Backup records of a DB instance.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-rds.html
func (i *instance) protected() cloud.Protected {
	of := cloud.Protected{
		Kind: resource.RDS, Type: typesByKind[resource.RDS], ARN: *i.data.DBInstanceArn, Name: i.id, Tags: maps.Clone(i.tags),
		SizeBytes: int64(*i.data.AllocatedStorage) << 30, Encrypted: *i.data.StorageEncrypted, Key: aws.ToString(i.data.KmsKeyId),
		Metadata: map[string]string{
			"DBInstanceIdentifier": i.id, "DBInstanceClass": *i.data.DBInstanceClass, "StorageType": aws.ToString(i.data.StorageType),
			"AvailabilityZone": *i.data.AvailabilityZone, "MultiAZ": strconv.FormatBool(*i.data.MultiAZ),
			"PubliclyAccessible": strconv.FormatBool(*i.data.PubliclyAccessible), "DBSubnetGroupName": *i.data.DBSubnetGroup.DBSubnetGroupName,
		},
	}
	if i.data.DBClusterIdentifier != nil {
		of.Refusal = "the DB instance is a member of a cluster"
	}
	return of
}

// protected has the metadata AWS Backup records of a cluster.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-aur.html
func (c *cluster) protected() cloud.Protected {
	kind := kindOf(*c.data.Engine)
	return cloud.Protected{
		Kind: kind, Type: typesByKind[kind], ARN: *c.data.DBClusterArn, Name: c.id, Tags: maps.Clone(c.tags),
		SizeBytes: int64(*c.data.AllocatedStorage) << 30, Encrypted: *c.data.StorageEncrypted, Key: aws.ToString(c.data.KmsKeyId),
		Metadata: map[string]string{
			"dbClusterIdentifier": c.id, "engine": *c.data.Engine, "engineVersion": *c.data.EngineVersion,
			"dbSubnetGroupName": aws.ToString(c.data.DBSubnetGroup), "dbClusterParameterGroupName": aws.ToString(c.data.DBClusterParameterGroup),
			"port": strconv.Itoa(int(*c.data.Port)),
		},
	}
}

// Keep makes the snapshot that is a recovery point. A resource is backing up until its
// snapshot is there.
func (s *Service) Keep(c *cloud.Call, k cloud.Keep) (string, error) {
	m := manual{
		id: "awsbackup:job-" + strings.ToLower(c.NewID("", 32)), place: c.Place, operation: k.Operation, source: k.Of.ARN, ofTags: k.Of.Tags,
		tags: k.Tags, encrypted: k.Key != "", key: k.Key, created: c.Now, progress: k.Progress, kept: cloud.Kept{Vault: k.Vault},
	}
	if k.From != "" {
		m.source = k.From
	}
	if k.Of.Kind == resource.RDS {
		return s.keepSnapshot(c, m, k)
	}
	return s.keepClusterSnapshot(c, m, k)
}

func (s *Service) keepSnapshot(c *cloud.Call, m manual, k cloud.Keep) (string, error) {
	m.arn = c.ARN("rds", "snapshot:"+m.id)
	made := &snapshot{manual: m}
	if k.From != "" {
		src, ok := kept(&s.snapshots, k.From)
		if !ok {
			return "", noSnapshot(k.From)
		}
		made.of = src.of
	} else {
		_, id := splitARN(k.Of.ARN)
		of, ok := s.instances.Get(c.Place, id)
		if !ok {
			return "", noInstance(id)
		}
		made.of, of.backingUp = of.data, k.Progress.End
	}
	s.snapshots.Put(c.Place, m.id, made)
	return m.arn, nil
}

func (s *Service) keepClusterSnapshot(c *cloud.Call, m manual, k cloud.Keep) (string, error) {
	m.arn = c.ARN("rds", "cluster-snapshot:"+m.id)
	made := &clusterSnapshot{manual: m}
	if k.From != "" {
		src, ok := kept(&s.clusterSnapshots, k.From)
		if !ok {
			return "", noClusterSnapshot(k.From)
		}
		made.of = src.of
	} else {
		_, id := splitARN(k.Of.ARN)
		of, ok := s.clusters.Get(c.Place, id)
		if !ok {
			return "", noCluster(id)
		}
		made.of, of.backingUp = of.data, k.Progress.End
	}
	s.clusterSnapshots.Put(c.Place, m.id, made)
	return m.arn, nil
}

// kept finds a snapshot AWS Backup made by its ARN, wherever it is.
func kept[T anySnapshot](in *cloud.Store[T], arn string) (T, bool) {
	var none T
	parsed, err := resource.ParseARN(arn)
	if err != nil {
		return none, false
	}
	_, id := splitARN(arn)
	snap, ok := in.Get(cloud.Place{Account: parsed.Account, Region: parsed.Region}, id)
	if !ok || !snap.base().kept.By() {
		return none, false
	}
	return snap, true
}

func (s *Service) kept(arn string) (*manual, bool) {
	if snap, ok := kept(&s.snapshots, arn); ok {
		return snap.base(), true
	}
	if snap, ok := kept(&s.clusterSnapshots, arn); ok {
		return snap.base(), true
	}
	return nil, false
}

// KeptTags returns the tags of a recovery point.
func (s *Service) KeptTags(_ *cloud.Call, arn string) map[string]string {
	if m, ok := s.kept(arn); ok {
		return maps.Clone(m.tags)
	}
	return nil
}

// Discard says when a recovery point ceases to exist.
func (s *Service) Discard(_ *cloud.Call, arn string, at time.Time) {
	if m, ok := s.kept(arn); ok {
		m.kept.Gone = at
	}
}

// Rebuild makes a DB instance, or a cluster without instances, from a recovery point. It
// has the source's tags.
func (s *Service) Rebuild(c *cloud.Call, r cloud.Rebuild) (string, error) {
	if r.Of.Kind == resource.RDS {
		in := &rds.RestoreDBInstanceFromDBSnapshotInput{DBSnapshotIdentifier: &r.Point}
		if err := cloud.FillIn(in, r.Metadata); err != nil {
			return "", err
		}
		out, err := s.restoreInstance(c.Within(r.Progress), in)
		if err != nil {
			return "", err
		}
		made, _ := s.instances.Get(c.Place, *out.DBInstance.DBInstanceIdentifier)
		made.job = r.JobID
		return *out.DBInstance.DBInstanceArn, nil
	}
	in := &rds.RestoreDBClusterFromSnapshotInput{SnapshotIdentifier: &r.Point}
	if err := cloud.FillIn(in, r.Metadata); err != nil {
		return "", err
	}
	out, err := s.restoreCluster(c.Within(r.Progress), in)
	if err != nil {
		return "", err
	}
	made, _ := s.clusters.Get(c.Place, *out.DBCluster.DBClusterIdentifier)
	made.job = r.JobID
	return *out.DBCluster.DBClusterArn, nil
}
