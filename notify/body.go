package notify

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"holdfast/config"
)

// Limits of one message.
const (
	maxListed = 10  // events shown to people; the rest is counted
	maxBatch  = 100 // events sent to a machine at once
	maxCounts = 20  // different values counted of a field
	maxSeries = 500 // metrics in one message
	otherKey  = "other"
)

// Body is what a message says: the events of a group, counted and the first of them shown.
type Body struct {
	Count    int            `json:"count"` // of events
	Problems int            `json:"problems"`
	Resolved int            `json:"resolved"`
	First    time.Time      `json:"first"`
	Last     time.Time      `json:"last"`
	States   map[string]int `json:"states"`
	Classes  map[string]int `json:"classes"`
	Accounts map[string]int `json:"accounts"`
	Plans    map[string]int `json:"plans"`
	Events   []Event        `json:"events"` // the first of them, for machines all
	Metrics  []Sample       `json:"metrics,omitempty"`
}

// Sample is how often something happened in one minute, under AWS Backup's name for it.
type Sample struct {
	Metric       string    `json:"metric"`
	ResourceType string    `json:"resource_type"`
	Vault        string    `json:"vault"`
	Minute       time.Time `json:"minute"`
	Count        int       `json:"count"`
}

// add puts e into the body of a message to a target of the given type.
func (b *Body) add(targetType string, e Event) {
	if b.Count == 0 || e.At.Before(b.First) {
		b.First = e.At
	}
	if e.At.After(b.Last) {
		b.Last = e.At
	}
	b.Count++
	if targetType == config.TargetCloudWatch {
		b.measure(e)
		return
	}
	if e.Problem {
		b.Problems++
	}
	if e.Resolved {
		b.Resolved++
	}
	count(&b.States, e.State)
	count(&b.Classes, string(e.Class))
	count(&b.Accounts, e.Account)
	count(&b.Plans, e.Plan)
	limit := maxListed
	if targetType == config.TargetEventBridge {
		limit = maxBatch
	} else {
		e.Job = nil
	}
	if len(b.Events) < limit {
		b.Events = append(b.Events, e)
	}
}

// full reports whether no more events fit into a message to a target of the given type.
func (b *Body) full(targetType string) bool {
	switch targetType {
	case config.TargetEventBridge:
		return b.Count >= maxBatch
	case config.TargetCloudWatch:
		return len(b.Metrics) >= maxSeries
	default:
		return false
	}
}

func count(counts *map[string]int, value string) {
	if value == "" {
		return
	}
	if *counts == nil {
		*counts = map[string]int{}
	}
	if _, known := (*counts)[value]; !known && len(*counts) >= maxCounts {
		value = otherKey
	}
	(*counts)[value]++
}

// measure counts e under AWS Backup's names.
func (b *Body) measure(e Event) {
	for _, name := range metricsOf(e) {
		s := Sample{Metric: name, ResourceType: e.Kind.AWSBackupType(), Minute: e.At.Truncate(time.Minute)}
		if e.Job != nil {
			s.Vault = e.Job.Spec.Vault
		}
		at := slices.IndexFunc(b.Metrics, func(known Sample) bool { s.Count = known.Count; return known == s })
		if at < 0 {
			s.Count = 0
			at = len(b.Metrics)
			b.Metrics = append(b.Metrics, s)
		}
		b.Metrics[at].Count++
	}
}

// listed gives counts as text, the most frequent first: "denied 12, kms 3".
func listed(counts map[string]int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	text := ""
	for _, name := range names {
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%s %d", name, counts[name])
	}
	return text
}

func decodeBody(data json.RawMessage) (b Body, err error) {
	if len(data) == 0 {
		return b, nil
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return b, fmt.Errorf("decode the body of a notification: %w", err)
	}
	return b, nil
}

func (b Body) encode() json.RawMessage {
	data, err := json.Marshal(b)
	if err != nil {
		panic(fmt.Sprintf("notify: encode a body: %v", err)) // strings, numbers and times always encode
	}
	return data
}
