package main

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/resource"
)

// strangerShare is the part of the bucket's rate the stranger uses.
const strangerShare = 0.4

// strangerVolumes are volumes of its own, enough for two minutes of the shipped run.
const strangerVolumes = 4000

// stranger is a program of somebody else in the same account. It knows no budget: it makes
// calls at its rate, and makes up for refused ones within a second.
type stranger struct {
	clock    clock.Clock
	client   *ec2.Client
	volumes  []string
	accepted []time.Time
}

// newStranger returns a stranger in account; one without volumes unless it is wanted.
func (l *lab) newStranger(ctx context.Context, wanted bool, account string) (*stranger, error) {
	s := &stranger{clock: l.clock}
	if !wanted {
		return s, nil
	}
	cfg, err := l.org.Provider().Config(ctx, awssession.Request{
		Scope: resource.Scope{Partition: "aws", Account: account, Region: region}, Purpose: resource.ForBackup,
	})
	if err != nil {
		return nil, err
	}
	s.client = ec2.NewFromConfig(cfg, func(o *ec2.Options) { o.Retryer = aws.NopRetryer{} })
	s.volumes, err = l.volumes(account, strangerVolumes)
	return s, err
}

// run makes calls until ctx ends or there is no volume left.
func (s *stranger) run(ctx context.Context) {
	const step = 10 * time.Millisecond
	most := strangerShare * bucketRate
	last, owed := s.clock.Now(), 0.0
	for len(s.volumes) > 0 && s.clock.Sleep(ctx, step) == nil {
		now := s.clock.Now()
		owed = min(owed+now.Sub(last).Seconds()*most, most)
		last = now
		for owed >= 1 && len(s.volumes) > 0 && s.snapshot(ctx) {
			owed--
		}
	}
}

// snapshot makes one call and reports whether it was let through.
func (s *stranger) snapshot(ctx context.Context) bool {
	_, err := s.client.CreateSnapshot(ctx, &ec2.CreateSnapshotInput{VolumeId: aws.String(s.volumes[0])})
	if err != nil {
		return false
	}
	s.accepted, s.volumes = append(s.accepted, s.clock.Now()), s.volumes[1:]
	return true
}
