package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/config"
	"holdfast/failure"
)

// Message is one notification as a target gets it. Its JSON is what webhooks receive; the
// fields are a contract, described in docs/notifications.md.
type Message struct {
	Version      string    `json:"version"` // holdfast.notification/1
	ID           string    `json:"id"`      // the same for every attempt
	Installation string    `json:"installation"`
	Target       string    `json:"target"`
	Group        string    `json:"group"`
	Title        string    `json:"title"` // one line
	Text         string    `json:"text"`  // the template, filled in
	SentAt       time.Time `json:"sent_at"`
	Body
}

// messageVersion names the shape of Message.
const messageVersion = "holdfast.notification/1"

// Target sends messages to one place. Send returns an error of class denied, not_found,
// invalid or unsupported when trying again cannot help.
type Target interface {
	Send(ctx context.Context, m Message) error
}

// final reports whether err says that trying again cannot help.
func final(err error) bool {
	switch failure.ClassOf(err) {
	case failure.Denied, failure.NotFound, failure.Invalid, failure.Unsupported:
		return true
	default:
		return false
	}
}

// Shown is how many of the events Events has.
func (m Message) Shown() int { return len(m.Events) }

// More is how many events are counted but not shown.
func (m Message) More() int { return m.Count - len(m.Events) }

// Summary counts what the events have in common, by state, class, account and plan.
func (m Message) Summary() string {
	var text strings.Builder
	for _, part := range []struct {
		name   string
		counts map[string]int
	}{{"states", m.States}, {"classes", m.Classes}, {"accounts", m.Accounts}, {"plans", m.Plans}} {
		if len(part.counts) > 0 {
			fmt.Fprintf(&text, "%s: %s\n", part.name, listed(part.counts))
		}
	}
	return text.String()
}

// titleOf says on one line what a body is about.
func titleOf(b Body) string {
	if b.Count == 0 || len(b.Events) == 0 {
		return "nothing happened"
	}
	e := b.Events[0]
	same := len(b.States) == 1 && len(b.Accounts) <= 1
	switch {
	case e.Type == config.EventsBreaker && same && e.Resolved:
		return fmt.Sprintf("Account %s: its role works again, jobs go on", e.Account)
	case e.Type == config.EventsBreaker && same:
		return fmt.Sprintf("Account %s: its role fails, nothing is started there", e.Account)
	case e.Type == config.EventsRisk && b.Count == 1:
		return riskTitle(e)
	case e.Type == config.EventsJob && b.Count == 1:
		return fmt.Sprintf("%s of %s %s%s%s", e.Operation, e.Resource, e.State, classText(e), inAccount(b))
	}
	text := fmt.Sprintf("%d events", b.Count)
	switch {
	case e.Type == config.EventsRisk && len(b.States) == 1: // a group has one kind of risk
		text = riskTitle(Event{Risk: e.Risk, Resolved: e.Resolved}) + fmt.Sprintf(", %d times", b.Count)
	case e.Type == config.EventsJob && len(b.States) == 1:
		text = fmt.Sprintf("%d jobs %s", b.Count, e.State)
	case e.Type == config.EventsJob:
		text = fmt.Sprintf("%d jobs", b.Count)
	case len(b.States) == 1:
		text += " " + e.State
	}
	if len(b.Classes) == 1 {
		text += classText(e)
	}
	return text + inAccount(b)
}

func classText(e Event) string {
	if e.Class == "" {
		return ""
	}
	return " (" + string(e.Class) + ")"
}

func inAccount(b Body) string {
	switch len(b.Accounts) {
	case 0:
		return ""
	case 1:
		for account := range b.Accounts {
			return " in account " + account
		}
	}
	if _, more := b.Accounts[otherKey]; more {
		return fmt.Sprintf(" in more than %d accounts", maxCounts)
	}
	return fmt.Sprintf(" in %d accounts", len(b.Accounts))
}

var riskNames = map[string]string{
	catalog.RiskRPO:         "Recovery point objective at risk",
	catalog.RiskWindow:      "Backup window at risk",
	catalog.RiskUndeletable: "Recovery points cannot be deleted",
	catalog.RiskLeader:      "No scheduler leads",
	catalog.RiskReport:      "A scheduled report cannot be written",
}

func riskTitle(e Event) string {
	parts := []string{riskNames[e.Risk], e.Account, e.Plan, e.Rule}
	text := strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), ", ")
	if e.Resolved {
		return "Over: " + text
	}
	return text
}
