package notify

import (
	"encoding/json"
	"slices"
	"time"

	"holdfast/catalog"
	"holdfast/config"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// The states of breakers and risks.
const (
	Opened = "OPENED"
	Closed = "CLOSED"
)

// Event is one thing that happened, as routes, messages and webhooks see it.
type Event struct {
	Seq  int64     `json:"seq"` // in the catalog's history
	At   time.Time `json:"at"`
	Type string    `json:"type"` // job, breaker or risk
	// State is what a job came to, or OPENED and CLOSED of a breaker or risk.
	State string `json:"state"`
	// Problem: somebody should look. Resolved: what was a problem is none any more.
	Problem  bool `json:"problem"`
	Resolved bool `json:"resolved,omitempty"`

	Account   string            `json:"account,omitempty"`
	Region    string            `json:"region,omitempty"`
	Units     []string          `json:"units,omitempty"` // organizational units, outermost first
	Plan      string            `json:"plan,omitempty"`
	Rule      string            `json:"rule,omitempty"`
	Risk      string            `json:"risk,omitempty"` // kind of a risk
	Count     int               `json:"count,omitempty"`
	JobID     string            `json:"job_id,omitempty"`
	Operation driver.Operation  `json:"operation,omitempty"`
	Kind      resource.Kind     `json:"kind,omitempty"`
	Resource  string            `json:"resource_arn,omitempty"`
	Class     failure.Class     `json:"class,omitempty"`
	Message   string            `json:"message,omitempty"`
	Tags      map[string]string `json:"-"` // of the resource, when a route asks for them
	// Job is the whole job, for targets that machines read.
	Job *catalog.Job `json:"job,omitempty"`
}

// typeOf returns the type and state of what e tells; ok is false when it is nothing that
// anybody can be told of.
func typeOf(e catalog.Event) (kind, state string, ok bool) {
	switch e.Type {
	case "job.created", "job.state":
		return config.EventsJob, e.To, e.JobID != ""
	case "breaker.opened":
		return config.EventsBreaker, Opened, true
	case "breaker.closed":
		return config.EventsBreaker, Closed, true
	case "risk.opened":
		return config.EventsRisk, Opened, true
	case "risk.closed":
		return config.EventsRisk, Closed, true
	}
	return "", "", false
}

// problem reports whether a job that came to state, with the class of its last failure,
// needs somebody. What a person aborted needs nobody.
func problem(state catalog.State, class failure.Class) bool {
	switch state {
	case catalog.Failed, catalog.Expired, catalog.Partial:
		return true
	case catalog.Aborted, catalog.Aborting:
		return class != ""
	default:
		return false
	}
}

// eventOf returns what e tells; job is the one it is about, if any.
func eventOf(e catalog.Event, job *catalog.Job, units func(account string) []string) (Event, bool) {
	kind, state, ok := typeOf(e)
	if !ok || kind == config.EventsJob && job == nil {
		return Event{}, false
	}
	out := Event{Seq: e.Seq, At: e.At, Type: kind, State: state, Class: e.Class, Message: e.Message}
	switch kind {
	case config.EventsJob:
		out.Problem = problem(catalog.State(state), e.Class)
		out.Account, out.Region, out.Plan, out.Rule = job.Account, job.Region, job.Plan, job.Rule
		out.JobID, out.Operation, out.Kind, out.Resource = job.ID, job.Type, job.Kind, job.ResourceARN
		at := *job // as it was then
		at.State = catalog.State(state)
		out.Job = &at
	case config.EventsBreaker:
		out.Account = e.To
		out.Problem, out.Resolved = state == Opened, state == Closed
	case config.EventsRisk:
		var r catalog.Risk
		if json.Unmarshal(e.Data, &r) != nil {
			return Event{}, false
		}
		out.Risk, out.Account, out.Plan, out.Rule, out.Count = r.Kind, r.Account, r.Plan, r.Rule, r.Count
		out.Problem, out.Resolved = state == Opened, state == Closed
	}
	if units != nil && out.Account != "" {
		out.Units = slices.Clone(units(out.Account))
	}
	return out, true
}

// field returns the value of a field events can be grouped by.
func (e Event) field(name string) string {
	switch name {
	case "account":
		return e.Account
	case "unit":
		if len(e.Units) > 0 {
			return e.Units[len(e.Units)-1]
		}
		return ""
	case "region":
		return e.Region
	case "kind":
		return string(e.Kind)
	case "plan":
		return e.Plan
	case "rule":
		return e.Rule
	case "class":
		return string(e.Class)
	case "state":
		return e.State
	default: // type
		return string(e.Operation)
	}
}
