package awssession_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"

	"holdfast/internal/awssession"
	"holdfast/internal/clock"
)

// overdue is a context whose deadline has passed and whose timer has not been told yet.
type overdue struct{ context.Context }

func (overdue) Deadline() (time.Time, bool) { return clock.System().Now().Add(-time.Second), true }

// counting is a transport that counts what is sent.
type counting struct{ sent int }

func (c *counting) Do(*http.Request) (*http.Response, error) {
	c.sent++
	return nil, errors.New("nobody is there")
}

func TestNoCallIsSentAfterItsDeadline(t *testing.T) {
	t.Parallel()
	transport := &counting{}
	client := sts.NewFromConfig(aws.Config{
		Region: "eu-west-1", HTTPClient: transport, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
		APIOptions: []func(*middleware.Stack) error{awssession.DropLate},
	})
	if _, err := client.GetCallerIdentity(overdue{t.Context()}, nil); !errors.Is(err, context.DeadlineExceeded) || transport.sent != 0 {
		t.Errorf("%d calls were sent after their deadline: %v", transport.sent, err)
	}
	if _, err := client.GetCallerIdentity(t.Context(), nil); err == nil || transport.sent != 1 {
		t.Errorf("%d calls without a deadline were sent: %v", transport.sent, err)
	}
}
