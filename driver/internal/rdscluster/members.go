package rdscluster

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"holdfast/driver/internal/parameters"
	"holdfast/driver/internal/rdssnap"
)

// none is the parameter instances of a cluster that has none.
const none = "none"

// InstanceGroups stands among Kind.Without for the parameter groups of instances.
const InstanceGroups = "instances.parameter_group"

// maxInstances is the most instances a cluster can have: a writer and 15 readers.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/CHAP_Limits.html
const maxInstances = 16

// formatInstances writes instances as the parameter does: CLASS:ZONE:TIER:PARAMETER_GROUP.
func formatInstances(instances []Instance, elsewhere bool) string {
	texts := make([]string, len(instances))
	for i, in := range instances {
		zone, group := in.Zone, rdssnap.ChosenGroup(in.ParameterGroup)
		if elsewhere {
			zone, group = "", ""
		}
		fields := []string{in.Class, zone, strconv.Itoa(int(in.Tier)), group}
		texts[i] = strings.TrimRight(strings.Join(fields, ":"), ":")
	}
	return strings.Join(texts, ",")
}

// parseInstances reads the parameter instances, and notes what is wrong with it.
func parseInstances(v *parameters.Values) []Instance {
	if v.Text("instances") == none {
		return nil
	}
	list := v.List("instances")
	if len(list) > maxInstances {
		v.Problem("instances has %d: a cluster has at most %d", len(list), maxInstances)
		return nil
	}
	instances := make([]Instance, 0, len(list))
	for _, text := range list {
		fields := append(strings.Split(text, ":"), "", "", "")
		tier, err := strconv.ParseInt(cmp.Or(fields[2], "1"), 10, 32)
		if err != nil || tier < 0 || tier > 15 || fields[0] == "" || len(fields) > len("CZTP")+3 {
			v.Problem("instances has %q: want CLASS[:ZONE[:TIER[:PARAMETER_GROUP]]] with a tier of 0 to 15", text)
			continue
		}
		instances = append(instances, Instance{
			Class: cmp.Or(v.Text("instance_class"), fields[0]), Zone: fields[1], Tier: int32(tier), ParameterGroup: fields[3],
		})
	}
	return instances
}

// memberInputs are the calls that make the instances of a restored cluster, the writer's
// first. Names follow from the cluster's and the place in the list.
func (d *Driver) memberInputs(cluster *rds.RestoreDBClusterFromSnapshotInput, v *parameters.Values) []*rds.CreateDBInstanceInput {
	id := aws.ToString(cluster.DBClusterIdentifier)
	stem := strings.TrimRight(id[:min(len(id), maxIdentifierChar-room)], "-")
	var inputs []*rds.CreateDBInstanceInput
	for i, in := range parseInstances(v) {
		if in.ParameterGroup != "" && slices.Contains(d.kind.Without, InstanceGroups) {
			v.Problem("instances names the parameter group %s: %s instances have none", in.ParameterGroup, d.kind.Kind)
		}
		inputs = append(inputs, &rds.CreateDBInstanceInput{
			DBInstanceIdentifier: aws.String(stem + "-" + strconv.Itoa(i+1)), DBClusterIdentifier: aws.String(id),
			Engine: cluster.Engine, DBInstanceClass: aws.String(in.Class), AvailabilityZone: rdssnap.Optional(in.Zone),
			PromotionTier: aws.Int32(in.Tier), DBParameterGroupName: rdssnap.Optional(in.ParameterGroup),
			PubliclyAccessible: v.Bool("publicly_accessible"), CACertificateIdentifier: v.String("ca_certificate"),
			MonitoringInterval: v.Int32("monitoring_seconds", 0), MonitoringRoleArn: v.String("monitoring_role_arn"),
			EnablePerformanceInsights:          v.Bool("performance_insights"),
			PerformanceInsightsRetentionPeriod: v.Int32("performance_insights_days", 1),
			PerformanceInsightsKMSKeyId:        v.String("performance_insights_kms_key_id"),
			Tags:                               cluster.Tags,
		})
	}
	return inputs
}
