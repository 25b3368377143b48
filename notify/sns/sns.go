// Package sns publishes notifications to an Amazon SNS topic.
package sns

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"holdfast/config"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/internal/awserr"
	"holdfast/notify"
)

// Limits of Publish: a subject is ASCII text on one line; a message has 256 KB, of which
// attributes are a part.
// Source: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
const (
	maxSubject = 100
	maxMessage = 250 << 10
)

// codes are what Publish can answer that the shared table does not know.
var codes = awserr.Table{
	"NotFound": failure.NotFound, "AuthorizationError": failure.Denied, "EndpointDisabled": failure.NotFound,
	"KMSDisabled": failure.KMS, "KMSNotFound": failure.KMS, "KMSAccessDenied": failure.Denied, "KMSThrottling": failure.Throttled,
}

// Topic is a target that publishes to one topic.
type Topic struct {
	client *sns.Client
	arn    string
}

var _ notify.Target = (*Topic)(nil)

// New returns a target that publishes to the topic arn with the credentials of cfg.
func New(cfg aws.Config, arn string) *Topic {
	return &Topic{client: sns.NewFromConfig(cfg), arn: arn}
}

// Send implements notify.Target. Subscribers can filter on the attributes AWS Backup's own
// messages have, as far as all events of a message share them: EventType, State, AccountId.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-notifications.html
func (t *Topic) Send(ctx context.Context, m notify.Message) error {
	text := m.Text
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "")
	}
	in := &sns.PublishInput{
		TopicArn: &t.arn, Message: &text, Subject: aws.String(subject(m.Title)), MessageAttributes: attributes(m),
	}
	if strings.HasSuffix(t.arn, ".fifo") {
		in.MessageGroupId, in.MessageDeduplicationId = aws.String(m.Installation), &m.ID
	}
	_, err := t.client.Publish(ctx, in)
	return awserr.Wrap("sns:Publish", err, codes)
}

// subject makes s what SNS takes as a subject.
func subject(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= utf8.RuneSelf {
			return '?'
		}
		return r
	}, s)
	if len(s) > maxSubject {
		s = s[:maxSubject-3] + "..."
	}
	return s
}

// eventTypes are AWS Backup's names of what a message is about.
var eventTypes = map[driver.Operation]string{
	driver.Backup: "BACKUP_JOB", driver.Copy: "COPY_JOB", driver.Restore: "RESTORE_JOB", driver.Expire: "RECOVERY_POINT",
	driver.Archive: "RECOVERY_POINT",
}

func attributes(m notify.Message) map[string]types.MessageAttributeValue {
	all := map[string]types.MessageAttributeValue{}
	add := func(name, value string) {
		if value != "" {
			all[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
		}
	}
	add("Installation", m.Installation)
	if len(m.Events) == 0 {
		return all
	}
	first := m.Events[0]
	kind := strings.ToUpper(first.Type)
	if first.Type == config.EventsJob {
		kind = eventTypes[first.Operation]
	}
	add("EventType", kind)
	if len(m.States) == 1 {
		add("State", first.State)
	}
	if len(m.Accounts) == 1 {
		add("AccountId", first.Account)
	}
	return all
}
