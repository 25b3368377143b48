package awssession

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"holdfast/failure"
)

// Refuse returns a Provider that gives no configuration at all: every request is an error
// of class credentials that says why. Drivers made with it describe themselves and plan
// restores, and can be trusted to call nobody.
func Refuse(why string) Provider { return refusing(why) }

type refusing string

// Config refuses.
func (r refusing) Config(context.Context, Request) (aws.Config, error) {
	return aws.Config{}, failure.Errorf(failure.Credentials, "%s", string(r))
}
