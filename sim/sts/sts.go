// Package sts simulates the one call of AWS STS that checks who is asking.
package sts

import (
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"holdfast/sim/internal/cloud"
)

// Service is the simulated AWS STS.
type Service struct{}

// New returns an STS.
func New() *Service { return &Service{} }

// Definition returns what STS is and can do here.
// Source of the rate: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func (s *Service) Definition() cloud.Definition {
	return cloud.Definition{
		ID: sts.ServiceID, Name: "sts", ThrottleCode: "Throttling", ThrottleStatus: http.StatusBadRequest,
		Operations: []cloud.Operation{cloud.Op(cloud.Bucket{Capacity: 600, Refill: 600}, s.getCallerIdentity)},
	}
}

func (s *Service) getCallerIdentity(c *cloud.Call, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	return &sts.GetCallerIdentityOutput{
		Account: aws.String(c.Place.Account), UserId: aws.String("AROASIMULATED:holdfast"),
		Arn: aws.String("arn:" + c.Partition + ":sts::" + c.Place.Account + ":assumed-role/simulated/holdfast"),
	}, nil
}

// Artefacts returns none: STS makes nothing.
func (s *Service) Artefacts(time.Time) []cloud.Artefact { return nil }

// Create refuses: STS has no resources.
func (s *Service) Create(_ *cloud.Call, b cloud.Blueprint) (string, error) {
	return "", cloud.Errorf("UnsupportedOperation", "STS has no %s", b.Kind)
}

// Remove finds nothing to remove.
func (s *Service) Remove(*cloud.Call, string) bool { return false }
