package rds

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/sim/internal/cloud"
)

// sharesQuota is with how many accounts one snapshot can be shared.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ShareSnapshot.html
const sharesQuota = "rds:snapshot-shares"

// share adds and removes accounts that may copy the snapshot. It must be available, and
// not be encrypted with a key that AWS manages.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/share-encrypted-snapshot.html
func (m *manual) share(c *cloud.Call, attribute string, add, remove []string, busy func(id, state string) error) error {
	if attribute != "restore" {
		return cloud.Errorf("InvalidParameterValue", "The attribute %q cannot be changed.", attribute)
	}
	if !m.progress.Succeeded(c.Now) {
		return busy(m.id, m.status(c.Now))
	}
	if len(add) > 0 && m.encrypted && cloud.AWSManaged(m.key) {
		return cloud.Errorf("InvalidParameterCombination", "A snapshot encrypted with the default key of RDS cannot be shared.")
	}
	after := maps.Clone(m.shared)
	if after == nil {
		after = map[string]bool{}
	}
	for _, account := range add {
		after[account] = true
	}
	for _, account := range remove {
		delete(after, account)
	}
	if len(after) > c.Quota(sharesQuota) {
		return &types.SharedSnapshotQuotaExceededFault{Message: aws.String("The snapshot is shared with too many accounts.")}
	}
	m.shared = after
	return nil
}

// sharedWith returns the accounts the snapshot is shared with, ordered.
func (m *manual) sharedWith() []string { return slices.Sorted(maps.Keys(m.shared)) }

func (s *Service) shareSnapshot(c *cloud.Call, in *rds.ModifyDBSnapshotAttributeInput) (*rds.ModifyDBSnapshotAttributeOutput, error) {
	id := strings.ToLower(aws.ToString(in.DBSnapshotIdentifier))
	snap, ok := s.snapshots.Get(c.Place, id)
	if !ok {
		return nil, noSnapshot(id)
	}
	if err := snap.share(c, aws.ToString(in.AttributeName), in.ValuesToAdd, in.ValuesToRemove, badSnapshotState); err != nil {
		return nil, err
	}
	return &rds.ModifyDBSnapshotAttributeOutput{DBSnapshotAttributesResult: &types.DBSnapshotAttributesResult{
		DBSnapshotIdentifier: &id,
		DBSnapshotAttributes: []types.DBSnapshotAttribute{{AttributeName: aws.String("restore"), AttributeValues: snap.sharedWith()}},
	}}, nil
}

func (s *Service) shareClusterSnapshot(c *cloud.Call, in *rds.ModifyDBClusterSnapshotAttributeInput) (*rds.ModifyDBClusterSnapshotAttributeOutput, error) {
	id := strings.ToLower(aws.ToString(in.DBClusterSnapshotIdentifier))
	snap, ok := s.clusterSnapshots.Get(c.Place, id)
	if !ok {
		return nil, noClusterSnapshot(id)
	}
	if err := snap.share(c, aws.ToString(in.AttributeName), in.ValuesToAdd, in.ValuesToRemove, badClusterSnapshotState); err != nil {
		return nil, err
	}
	return &rds.ModifyDBClusterSnapshotAttributeOutput{DBClusterSnapshotAttributesResult: &types.DBClusterSnapshotAttributesResult{
		DBClusterSnapshotIdentifier: &id,
		DBClusterSnapshotAttributes: []types.DBClusterSnapshotAttribute{{AttributeName: aws.String("restore"), AttributeValues: snap.sharedWith()}},
	}}, nil
}
