package scheduled

import (
	"slices"
	"time"

	"holdfast/catalog"
	"holdfast/config"
	"holdfast/policy"
)

// Status is how a report that is made by itself stands.
type Status struct {
	Name      string    `json:"name"`
	Kind      string    `json:"kind"`
	Format    string    `json:"format"`
	To        string    `json:"to"`
	Schedule  string    `json:"schedule"`
	Timezone  string    `json:"timezone"`
	Next      time.Time `json:"next,omitzero"`       // fire; zero: never
	FireAt    time.Time `json:"fire_at,omitzero"`    // the newest that was begun; zero: none
	WrittenAt time.Time `json:"written_at,omitzero"` // zero: never
	Place     string    `json:"place,omitempty"`
	Error     string    `json:"error,omitempty"` // why the file of FireAt could not be written
	RetryAt   time.Time `json:"retry_at,omitzero"`
}

// Statuses returns how the reports of the configuration stand, in its order.
func Statuses(reports []config.ReportSchedule, states []catalog.ScheduledReport, now time.Time) []Status {
	list := make([]Status, len(reports))
	for i, r := range reports {
		list[i] = Status{Name: r.Name, Kind: r.Kind, Format: r.Format, To: r.To, Schedule: r.Schedule, Timezone: r.Timezone}
		if s, _, err := policy.ParseSchedule(r.Schedule, r.Timezone); err == nil {
			list[i].Next, _ = s.Next(now)
		}
		at := slices.IndexFunc(states, func(s catalog.ScheduledReport) bool { return s.Name == r.Name })
		if at >= 0 {
			s := states[at]
			list[i].FireAt, list[i].WrittenAt, list[i].Place, list[i].Error, list[i].RetryAt = s.FireAt, s.WrittenAt, s.Place, s.Error, s.RetryAt
		}
	}
	return list
}
