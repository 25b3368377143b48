package kmskeys

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"holdfast/driver"
	"holdfast/driver/internal/clients"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

var at = resource.Scope{Partition: "aws", Account: "111122223333", Region: "eu-west-1"}

const (
	ours   = "arn:aws:kms:eu-west-1:111122223333:key/1"
	theirs = "arn:aws:kms:eu-west-1:444455556666:key/2"
)

// sessions gives every scope an empty configuration.
type sessions struct{}

func (sessions) Config(context.Context, awssession.Request) (aws.Config, error) {
	return aws.Config{}, nil
}

// service answers with one manager, or an error, and counts.
type service struct {
	manager types.KeyManagerType
	code    string
	asked   int
}

func (s *service) DescribeKey(context.Context, *kms.DescribeKeyInput, ...func(*kms.Options)) (*kms.DescribeKeyOutput, error) {
	s.asked++
	if s.code != "" {
		return nil, &smithy.GenericAPIError{Code: s.code}
	}
	return &kms.DescribeKeyOutput{KeyMetadata: &types.KeyMetadata{KeyManager: s.manager}}, nil
}

func names(s *service) *Names {
	n := New(sessions{}, "ebs")
	n.clients = clients.NewPool(sessions{}, func(aws.Config) api { return s })
	return n
}

func TestNamesTellWhoManagesAKey(t *testing.T) {
	t.Parallel()
	managed := driver.AWSManagedKey(at, "ebs")
	for name, tt := range map[string]struct {
		service service
		key     string
		want    string
		class   failure.Class
		asked   int // of three times
	}{
		"AWS's":             {service: service{manager: types.KeyManagerTypeAws}, key: ours, want: managed, asked: 1},
		"a customer's":      {service: service{manager: types.KeyManagerTypeCustomer}, key: ours, want: ours, asked: 1},
		"another account's": {key: theirs, want: theirs},
		"named already":     {key: managed, want: managed},
		"none":              {},
		"not ours to ask":   {service: service{code: "AccessDeniedException"}, key: ours, want: ours, asked: 1},
		"gone":              {service: service{code: "NotFoundException"}, key: ours, want: ours, asked: 1},
		"too fast":          {service: service{code: "ThrottlingException"}, key: ours, class: failure.Throttled, asked: 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := names(&tt.service)
			for range 3 {
				got, err := n.Of(t.Context(), at, tt.key)
				if got != tt.want || failure.ClassOf(err) != tt.class {
					t.Errorf("key %q is %q, %v; want %q, class %q", tt.key, got, err, tt.want, tt.class)
				}
			}
			if tt.service.asked != tt.asked {
				t.Errorf("KMS was asked %d times, want %d", tt.service.asked, tt.asked)
			}
		})
	}
}

func TestOnlyCompleteEncryptedPointsAreAskedAbout(t *testing.T) {
	t.Parallel()
	s := &service{manager: types.KeyManagerTypeAws}
	seen := map[driver.Ref]driver.Status{
		"pending": {State: driver.Pending, Point: driver.Point{Encrypted: true, KMSKeyID: ours}},
		"plain":   {State: driver.Succeeded, Point: driver.Point{KMSKeyID: ours}},
	}
	if err := names(s).Statuses(t.Context(), at, seen); err != nil || s.asked != 0 {
		t.Errorf("asked %d times, %v", s.asked, err)
	}
	seen["done"] = driver.Status{State: driver.Succeeded, Point: driver.Point{Encrypted: true, KMSKeyID: ours}}
	if err := names(s).Statuses(t.Context(), at, seen); err != nil || !driver.IsAWSManagedKey(seen["done"].Point.KMSKeyID) {
		t.Errorf("%+v, %v", seen["done"], err)
	}
	s.code = "ThrottlingException"
	if err := names(s).Statuses(t.Context(), at, seen); err != nil {
		t.Errorf("keys named before are asked about again: %v", err)
	}
	var none *Names
	if key, err := none.Of(t.Context(), at, ours); key != ours || err != nil {
		t.Errorf("without names the key is %q, %v", key, err)
	}
}
