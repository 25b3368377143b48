package main

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"holdfast/internal/awssession"
	"holdfast/resource"
)

// strangerShare is the part of the bucket's rate the stranger uses.
const strangerShare = 0.4

// stranger is a program of somebody else in the same account. It knows no budget and tries
// no call twice: it makes calls at its rate, and makes up for refused ones within a second.
type stranger struct {
	lab      *lab
	account  string
	volumes  []string
	accepted []time.Time
}

func (s *stranger) run(ctx context.Context) error {
	cfg, err := s.lab.org.Provider().Config(ctx, awssession.Request{
		Scope: resource.Scope{Partition: "aws", Account: s.account, Region: region}, Purpose: resource.ForBackup,
	})
	if err != nil {
		return err
	}
	client := ec2.NewFromConfig(cfg, func(o *ec2.Options) { o.Retryer = aws.NopRetryer{} })
	const step = 10 * time.Millisecond
	most := strangerShare * bucketRate
	last, owed := s.lab.clock.Now(), 0.0
	for len(s.volumes) > 0 {
		if err := s.lab.clock.Sleep(ctx, step); err != nil {
			return err
		}
		now := s.lab.clock.Now()
		owed = min(owed+now.Sub(last).Seconds()*most, most)
		last = now
		for owed >= 1 && len(s.volumes) > 0 {
			_, err := client.CreateSnapshot(ctx, &ec2.CreateSnapshotInput{VolumeId: aws.String(s.volumes[0])})
			if err != nil {
				break // throttled: again in a moment
			}
			s.accepted, s.volumes = append(s.accepted, s.lab.clock.Now()), s.volumes[1:]
			owed--
		}
	}
	return nil
}
