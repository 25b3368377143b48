// Package eventbridge puts notifications on an Amazon EventBridge bus, one event each,
// with AWS Backup's detail types and field names: a rule that matches aws.backup needs its
// source changed to holdfast, and nothing else.
package eventbridge

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"holdfast/failure"
	"holdfast/internal/awserr"
	"holdfast/notify"
)

// Source is what rules match: aws.* is Amazon's own.
const Source = "holdfast"

// Limits of one Send. Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
const (
	maxEntries = 10 // of one PutEvents
	attempts   = 3  // of entries the bus did not take
)

// Bus is a target that puts events on one bus.
type Bus struct {
	client *eventbridge.Client
	name   string
}

var _ notify.Target = (*Bus)(nil)

// New returns a target for the bus called name (or its ARN; empty is the default bus) with
// the credentials and region of cfg.
func New(cfg aws.Config, name string) *Bus {
	return &Bus{client: eventbridge.NewFromConfig(cfg), name: name}
}

// Send implements notify.Target. Entries the bus did not take are tried again by
// themselves; when some are left the whole message is, and rules may see events twice.
func (b *Bus) Send(ctx context.Context, m notify.Message) error {
	var entries []types.PutEventsRequestEntry
	for _, e := range m.Events {
		entry, err := b.entry(m.Installation, e)
		if err != nil {
			return err
		}
		entries = append(entries, entry)
	}
	for start := 0; start < len(entries); start += maxEntries {
		if err := b.put(ctx, entries[start:min(start+maxEntries, len(entries))]); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bus) entry(installation string, e notify.Event) (types.PutEventsRequestEntry, error) {
	detailType, detail := Detail(installation, e)
	data, err := json.Marshal(detail)
	if err != nil {
		return types.PutEventsRequestEntry{}, failure.Errorf(failure.Internal, "encode event %d: %w", e.Seq, err)
	}
	entry := types.PutEventsRequestEntry{
		Source: aws.String(Source), DetailType: &detailType, Detail: aws.String(string(data)), Time: aws.Time(e.At),
	}
	if e.Resource != "" {
		entry.Resources = []string{e.Resource}
	}
	if b.name != "" {
		entry.EventBusName = &b.name
	}
	return entry, nil
}

// put puts at most ten entries, those that fail again.
func (b *Bus) put(ctx context.Context, entries []types.PutEventsRequestEntry) error {
	for attempt := 1; ; attempt++ {
		out, err := b.client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: entries})
		if err != nil {
			return awserr.Wrap("events:PutEvents", err)
		}
		if out.FailedEntryCount == 0 {
			return nil
		}
		var left []types.PutEventsRequestEntry
		last := ""
		for i, result := range out.Entries {
			if result.ErrorCode != nil && i < len(entries) {
				left = append(left, entries[i])
				last = fmt.Sprintf("%s: %s", aws.ToString(result.ErrorCode), aws.ToString(result.ErrorMessage))
			}
		}
		if attempt == attempts {
			return failure.Errorf(failure.Transient, "events:PutEvents: %d of %d events were not taken: %s", len(left), len(entries), last)
		}
		entries = left
	}
}
