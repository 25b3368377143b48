package rdscluster

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/docdb"
	docdbtypes "github.com/aws/aws-sdk-go-v2/service/docdb/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/google/go-cmp/cmp"

	"holdfast/failure"
)

// answer is a call that keeps its input and answers with out.
func answer[I, O any](kept **I, out *O) func(context.Context, *I, ...func(*docdb.Options)) (*O, error) {
	return func(_ context.Context, in *I, _ ...func(*docdb.Options)) (*O, error) {
		*kept = in
		return out, nil
	}
}

func TestCallMovesFieldsByName(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 2, 3, 4, 5, time.UTC)
	var sent *docdb.RestoreDBClusterFromSnapshotInput
	out, err := Call[rds.RestoreDBClusterFromSnapshotOutput](t.Context(), &rds.RestoreDBClusterFromSnapshotInput{
		DBClusterIdentifier: aws.String("c"), Port: aws.Int32(27017), DeletionProtection: aws.Bool(false),
		VpcSecurityGroupIds:              []string{"sg-1"},
		Tags:                             []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
		ServerlessV2ScalingConfiguration: &types.ServerlessV2ScalingConfiguration{MinCapacity: aws.Float64(0.5)},
	}, answer(&sent, &docdb.RestoreDBClusterFromSnapshotOutput{DBCluster: &docdbtypes.DBCluster{
		DBClusterIdentifier: aws.String("c"), ClusterCreateTime: &at,
		DBClusterMembers: []docdbtypes.DBClusterMember{{DBInstanceIdentifier: aws.String("c-1"), IsClusterWriter: aws.Bool(true)}},
	}}))
	if err != nil {
		t.Fatalf("call: %v", err)
	}
	if *sent.DBClusterIdentifier != "c" || *sent.Port != 27017 || *sent.DeletionProtection || sent.VpcSecurityGroupIds[0] != "sg-1" ||
		*sent.Tags[0].Value != "v" || *sent.ServerlessV2ScalingConfiguration.MinCapacity != 0.5 || sent.Engine != nil {
		t.Errorf("sent %+v", sent)
	}
	want := types.DBCluster{
		DBClusterIdentifier: aws.String("c"), ClusterCreateTime: &at,
		DBClusterMembers: []types.DBClusterMember{{DBInstanceIdentifier: aws.String("c-1"), IsClusterWriter: aws.Bool(true)}},
	}
	if got := out.DBCluster; *got.DBClusterIdentifier != *want.DBClusterIdentifier || !got.ClusterCreateTime.Equal(at) ||
		cmp.Diff(*want.DBClusterMembers[0].IsClusterWriter, *got.DBClusterMembers[0].IsClusterWriter) != "" {
		t.Errorf("got %+v", got)
	}
}

func TestCallRefusesWhatWouldBeLost(t *testing.T) {
	t.Parallel()
	var sent *docdb.CreateDBInstanceInput
	_, err := Call[rds.CreateDBInstanceOutput](t.Context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String("c-1"), DBParameterGroupName: aws.String("tuned"),
	}, answer(&sent, &docdb.CreateDBInstanceOutput{}))
	if !failure.Is(err, failure.Internal) || sent != nil {
		t.Errorf("call = %v after sending %+v, want class internal before any call", err, sent)
	}
}
