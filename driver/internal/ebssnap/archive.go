package ebssnap

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/driver/internal/parameters"
	"holdfast/driver/internal/refs"
	"holdfast/failure"
	"holdfast/resource"
)

// The IAM actions of archives: to see a tier, to move a snapshot, and to bring it back.
const (
	SeeTier     = "ec2:DescribeSnapshotTierStatus"
	ModifyTier  = "ec2:ModifySnapshotTier"
	RestoreTier = "ec2:RestoreSnapshotTier"
)

// ArchiveQuota is how many snapshots may be on their way into the archive.
var ArchiveQuota = driver.Quota{
	Operation: driver.Archive, Limit: 25, Source: "https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-archive.html",
}

// ThawParameter is the parameter of restores from the archive, thawDays its default: a
// volume may read its snapshot for days after it was made.
// Source: https://docs.aws.amazon.com/ebs/latest/userguide/restore-archived-snapshot.html
var ThawParameter = driver.Parameter{
	Name: "temporary_restore_days", Description: "of a point in cold storage: days the snapshot stays out of the archive after it was brought back, 1 to 180 (default 7)",
}

const (
	thawDays    = 7
	maxThawDays = 180
)

// MoveToCold archives the snapshot, if it carries the installation's mark. AWS asks for no
// lifecycle, and keeps the snapshot in the archive for 90 days at the price of that time.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySnapshotTier.html
func (s *Snapshots) MoveToCold(ctx context.Context, req driver.ColdRequest) error {
	client, err := s.Client(ctx, req.Scope, resource.ForExpire)
	if err != nil {
		return err
	}
	found, err := owned(ctx, client, driver.DeleteRequest{Scope: req.Scope, Installation: req.Installation, Ref: req.Ref})
	switch {
	case err != nil:
		return err
	case found == nil:
		return failure.Errorf(failure.NotFound, "snapshot %s is not there", req.Ref)
	}
	status, err := tierOf(ctx, client, req.Ref)
	if err != nil || status.StorageTier == types.StorageTierArchive || status.RestoreExpiryTime != nil ||
		status.LastTieringOperationStatus == types.TieringOperationStatusArchivalInProgress {
		return err
	}
	_, err = client.ModifySnapshotTier(ctx, &ec2.ModifySnapshotTierInput{
		SnapshotId: aws.String(string(req.Ref)), StorageTier: types.TargetStorageTierArchive,
	})
	return Wrap("ModifySnapshotTier", err)
}

// eachTier calls visit with the tier of every snapshot of refs that AWS shows.
func eachTier(ctx context.Context, client API, all []driver.Ref, visit func(types.SnapshotTierStatus)) error {
	pages := ec2.NewDescribeSnapshotTierStatusPaginator(client, &ec2.DescribeSnapshotTierStatusInput{
		Filters: []types.Filter{ec2calls.Filter("snapshot-id", refs.Strings(all)...)}, MaxResults: aws.Int32(snapshotPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return Wrap("DescribeSnapshotTierStatus", err)
		}
		for _, status := range page.SnapshotTierStatuses {
			visit(status)
		}
	}
	return nil
}

// tierOf returns what AWS says of the tier of one snapshot; nothing where it shows none.
func tierOf(ctx context.Context, client API, ref driver.Ref) (found types.SnapshotTierStatus, err error) {
	err = eachTier(ctx, client, []driver.Ref{ref}, func(s types.SnapshotTierStatus) { found = s })
	return found, err
}

// lookAtTiers observes snapshots on their way into the archive. One that is not is left out.
func lookAtTiers(ctx context.Context, client API, req driver.LookRequest, seen map[driver.Ref]driver.Status) error {
	return eachTier(ctx, client, req.Refs, func(s types.SnapshotTierStatus) {
		if status, moves := archiveStatus(s); moves {
			seen[driver.Ref(aws.ToString(s.SnapshotId))] = status
		}
	})
}

// archiveStatus maps what AWS says of a tier; moves is false for a snapshot that was never
// asked into the archive, or has left it.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SnapshotTierStatus.html
func archiveStatus(s types.SnapshotTierStatus) (status driver.Status, moves bool) {
	status = driver.Status{State: driver.Pending, Progress: int(aws.ToInt32(s.LastTieringProgress))}
	switch {
	case s.StorageTier == types.StorageTierArchive, s.LastTieringOperationStatus == types.TieringOperationStatusArchivalCompleted:
		status.State, status.Progress = driver.Succeeded, 100
	case s.LastTieringOperationStatus == types.TieringOperationStatusArchivalFailed:
		status.State, status.Message = driver.Failed, aws.ToString(s.LastTieringOperationStatusDetail)
	case s.LastTieringOperationStatus == types.TieringOperationStatusArchivalInProgress:
	default:
		return driver.Status{}, false
	}
	return status, true
}

// ThawDays returns for how many days a restore wants its snapshot out of the archive, and
// notes what is wrong with that.
func ThawDays(v *parameters.Values) int32 {
	days := v.Int32(ThawParameter.Name, 1)
	if days == nil {
		return thawDays
	}
	if *days > maxThawDays {
		v.Problem("%s is %d: at most %d", ThawParameter.Name, *days, maxThawDays)
	}
	return *days
}

func thaw(req driver.RestoreRequest, days int32) *ec2.RestoreSnapshotTierInput {
	return &ec2.RestoreSnapshotTierInput{SnapshotId: aws.String(string(req.Point.Ref)), TemporaryRestoreDays: aws.Int32(days)}
}

// ThawCalls are the calls of Thaw, for plans.
func ThawCalls(req driver.RestoreRequest, days int32) ([]driver.Call, error) {
	if !req.Point.Cold {
		return nil, nil
	}
	call, err := parameters.Call(RestoreTier, thaw(req, days))
	return []driver.Call{call}, err
}

// Thaw brings the snapshot of a cold point back for some days. Until it is there, which
// takes AWS up to 72 hours, it returns class busy; no slot need wait for that.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RestoreSnapshotTier.html
func (s *Snapshots) Thaw(ctx context.Context, req driver.RestoreRequest, days int32) error {
	if !req.Point.Cold {
		return nil
	}
	client, err := s.Client(ctx, req.Scope, resource.ForRestore)
	if err != nil {
		return err
	}
	status, err := tierOf(ctx, client, req.Point.Ref)
	if err != nil || status.StorageTier == types.StorageTierStandard {
		return err
	}
	if last := string(status.LastTieringOperationStatus); strings.HasSuffix(last, "-restore-in-progress") {
		return failure.Errorf(failure.Busy, "snapshot %s is on its way out of the archive (%d %%), which takes up to 72 hours", req.Point.Ref, aws.ToInt32(status.LastTieringProgress))
	}
	if _, err := client.RestoreSnapshotTier(ctx, thaw(req, days)); err != nil {
		return Wrap("RestoreSnapshotTier", err)
	}
	return failure.Errorf(failure.Busy, "snapshot %s is being brought out of the archive, which takes up to 72 hours", req.Point.Ref)
}
