// Package kms simulates what backups ask AWS KMS: who manages a key.
package kms

import (
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"holdfast/sim/internal/cloud"
)

// Service is the simulated AWS KMS.
type Service struct{}

// New returns a KMS.
func New() *Service { return &Service{} }

// Definition returns what KMS is and can do here.
// Source of the rate: https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
func (s *Service) Definition() cloud.Definition {
	return cloud.Definition{
		ID: kms.ServiceID, Name: "kms", ThrottleCode: "ThrottlingException", ThrottleStatus: http.StatusBadRequest,
		Operations: []cloud.Operation{cloud.Op(cloud.Bucket{Capacity: 2000, Refill: 2000}, s.describeKey)},
		Errors:     []smithy.APIError{&types.NotFoundException{}},
	}
}

func (s *Service) describeKey(c *cloud.Call, in *kms.DescribeKeyInput) (*kms.DescribeKeyOutput, error) {
	arn := c.KeyARN(aws.ToString(in.KeyId))
	if !c.ReachableKey(arn) {
		return nil, &types.NotFoundException{Message: aws.String("Invalid arn " + arn)}
	}
	manager := types.KeyManagerTypeCustomer
	if cloud.AWSManaged(arn) {
		manager = types.KeyManagerTypeAws
	}
	return &kms.DescribeKeyOutput{KeyMetadata: &types.KeyMetadata{
		Arn: aws.String(arn), KeyId: aws.String(arn[strings.LastIndexByte(arn, '/')+1:]), KeyManager: manager,
		AWSAccountId: aws.String(c.Place.Account), Enabled: true, KeyState: types.KeyStateEnabled,
	}}, nil
}

// Artefacts returns none: KMS makes nothing.
func (s *Service) Artefacts(time.Time) []cloud.Artefact { return nil }

// Create refuses: keys exist as soon as they are named.
func (s *Service) Create(_ *cloud.Call, b cloud.Blueprint) (string, error) {
	return "", cloud.Errorf("UnsupportedOperation", "KMS has no %s", b.Kind)
}

// Remove finds nothing to remove.
func (s *Service) Remove(*cloud.Call, string) bool { return false }
