// Package sts simulates what is asked of AWS STS: who is asking, and to be somebody else.
package sts

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// Service is the simulated AWS STS.
type Service struct{}

// New returns an STS.
func New() *Service { return &Service{} }

// Definition returns what STS is and can do here.
// Source of the rate: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func (s *Service) Definition() cloud.Definition {
	rate := cloud.Bucket{Capacity: 600, Refill: 600}
	return cloud.Definition{
		ID: sts.ServiceID, Name: "sts", ThrottleCode: "Throttling", ThrottleStatus: http.StatusBadRequest,
		Operations: []cloud.Operation{cloud.Op(rate, s.getCallerIdentity), cloud.Op(rate, s.assumeRole)},
		Errors:     []smithy.APIError{&types.MalformedPolicyDocumentException{}, &types.PackedPolicyTooLargeException{}},
	}
}

func (s *Service) getCallerIdentity(c *cloud.Call, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	return &sts.GetCallerIdentityOutput{
		Account: aws.String(c.Place.Account), UserId: aws.String("AROASIMULATED:holdfast"),
		Arn: aws.String("arn:" + c.Partition + ":sts::" + c.Place.Account + ":assumed-role/simulated/holdfast"),
	}, nil
}

// Limits of AssumeRole.
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
const (
	maxPolicyChars = 2048
	defaultLife    = time.Hour
)

// assumeRole hands out a session of a role in any account of the organization.
func (s *Service) assumeRole(c *cloud.Call, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	arn, err := resource.ParseARN(aws.ToString(in.RoleArn))
	if err != nil || !strings.HasPrefix(arn.Resource, "role/") {
		return nil, cloud.Errorf("ValidationError", "%s is invalid", aws.ToString(in.RoleArn))
	}
	name := arn.Resource[strings.LastIndexByte(arn.Resource, '/')+1:]
	if !c.MayAssume(arn.Account, name, aws.ToString(in.ExternalId)) {
		return nil, cloud.WithStatus(cloud.Errorf("AccessDenied", "User: arn:%s:sts::%s:assumed-role/hub/holdfast is not authorized to perform: sts:AssumeRole on resource: %s",
			c.Partition, c.Place.Account, aws.ToString(in.RoleArn)), http.StatusForbidden)
	}
	session := cloud.Session{Account: arn.Account, Role: name}
	if in.Policy != nil {
		if session.Allowed, err = allowed(*in.Policy); err != nil {
			return nil, err
		}
	}
	life := defaultLife
	if in.DurationSeconds != nil {
		life = time.Duration(*in.DurationSeconds) * time.Second
	}
	// The SDK holds what it caches against the machine's clock.
	expires := clock.System().Now().Add(life)
	return &sts.AssumeRoleOutput{
		AssumedRoleUser: &types.AssumedRoleUser{
			Arn:           aws.String("arn:" + c.Partition + ":sts::" + arn.Account + ":assumed-role/" + name + "/" + aws.ToString(in.RoleSessionName)),
			AssumedRoleId: aws.String("AROASIMULATED:" + aws.ToString(in.RoleSessionName)),
		},
		Credentials: &types.Credentials{
			AccessKeyId: aws.String("ASIASIMULATED" + arn.Account), SecretAccessKey: aws.String("simulated"),
			SessionToken: aws.String(session.Token()), Expiration: aws.Time(expires),
		},
	}, nil
}

// allowed reads the actions of a session policy: statements that allow actions on all
// resources, the only ones this organization understands.
func allowed(document string) ([]string, error) {
	if len(document) > maxPolicyChars {
		return nil, cloud.Errorf("ValidationError", "Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to %d", maxPolicyChars)
	}
	var policy struct {
		Version   string
		Statement []struct {
			Effect, Resource string
			Action           []string
		}
	}
	if err := json.Unmarshal([]byte(document), &policy); err != nil || len(policy.Statement) == 0 {
		return nil, &types.MalformedPolicyDocumentException{Message: aws.String("Syntax errors in policy.")}
	}
	actions := []string{}
	for _, s := range policy.Statement {
		if s.Effect != "Allow" || s.Resource != "*" || len(s.Action) == 0 {
			return nil, &types.MalformedPolicyDocumentException{Message: aws.String("the simulated organization understands statements that allow actions on * only")}
		}
		actions = append(actions, s.Action...)
	}
	return actions, nil
}

// Artefacts returns none: STS makes nothing.
func (s *Service) Artefacts(time.Time) []cloud.Artefact { return nil }

// Create refuses: STS has no resources.
func (s *Service) Create(_ *cloud.Call, b cloud.Blueprint) (string, error) {
	return "", cloud.Errorf("UnsupportedOperation", "STS has no %s", b.Kind)
}

// Remove finds nothing to remove.
func (s *Service) Remove(*cloud.Call, string) bool { return false }
