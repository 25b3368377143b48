package awsbackup_test

import (
	"context"
	"maps"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/s3"
	"holdfast/internal/awssession"
	"holdfast/resource"
	"holdfast/sim"
)

// told notes the options of the backup jobs that are begun.
type told struct {
	awssession.Provider
	options map[string]string
}

func (p *told) Config(ctx context.Context, req awssession.Request) (aws.Config, error) {
	cfg, err := p.Provider.Config(ctx, req)
	cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Told", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			if job, ok := in.Parameters.(*backup.StartBackupJobInput); ok {
				p.options = maps.Clone(job.BackupOptions)
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.After)
	})
	return cfg, err
}

// A kind's own options reach AWS, those of other kinds do not.
func TestBackupOptionsReachAWS(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	arn, err := l.org.Create(sim.Blueprint{Kind: resource.S3, Account: home.Account, Region: home.Region})
	l.must(err)
	sessions := &told{Provider: l.org.Provider()}
	r := resource.Resource{ARN: arn, Account: home.Account, Region: home.Region}
	for _, c := range []struct{ given, want map[string]string }{
		{nil, nil},
		{map[string]string{"BackupACLs": "disabled", "WindowsVSS": "enabled"}, map[string]string{"BackupACLs": "disabled"}},
	} {
		_, err := s3.New(sessions, awsbackup.Options{}).Start(t.Context(), driver.StartRequest{Scope: home, Mark: l.mark(r), Resource: r, Options: c.given})
		l.must(err)
		if diff := cmp.Diff(c.want, sessions.options); diff != "" {
			t.Errorf("of %v AWS was told (-want +got):\n%s", c.given, diff)
		}
	}
}
