package config

import (
	"strings"
	"time"
)

// Notifications says who is told of what, and when.
type Notifications struct {
	GroupWait     time.Duration // how long the first message of a group collects
	GroupInterval time.Duration // between messages of one group
	Targets       []NotificationTarget
	Routes        []NotificationRoute
}

// The types of targets.
const (
	TargetWebhook     = "webhook"
	TargetSlack       = "slack"
	TargetSMTP        = "smtp"
	TargetSNS         = "sns"
	TargetEventBridge = "eventbridge"
	TargetCloudWatch  = "cloudwatch"
)

// The ways SMTP is secured.
const (
	TLSStart = "starttls"
	TLSFull  = "tls"
	TLSNone  = "none"
)

// NotificationTarget is one place messages go to. Which fields belong to which type is in
// targetFields.
type NotificationTarget struct {
	Name, Type string
	Template   string // file of a text template, "" = the built-in one
	CAFile     string // PEM file of authorities to trust instead of the system's
	URL        SecretRef
	Secret     SecretRef
	Address    string // host:port of the mail server
	TLS        string
	Username   string
	Password   SecretRef
	From       string
	To         []string
	TopicARN   string
	Region     string
	EventBus   string
	Namespace  string
}

// The sets of events a route can name instead of single types.
const (
	EventsProblems = "problems" // what needs somebody, and its end
	EventsAll      = "all"
	EventsJob      = "job"
	EventsBreaker  = "breaker"
	EventsRisk     = "risk"
)

// NotificationRoute sends events to targets. Empty fields match everything.
type NotificationRoute struct {
	Targets  []string
	Events   string
	Types    []string
	States   []string
	Classes  []string
	Accounts []string
	Units    []string
	Plans    []string
	Kinds    []string
	Tags     []string // key=value; * is any value
	GroupBy  []string
}

// Wants returns the set of events the route takes for a target of a type: what it names,
// else everything for targets that machines read and problems for those that people do.
func (r NotificationRoute) Wants(targetType string) string {
	switch {
	case r.Events != "":
		return r.Events
	case targetType == TargetEventBridge || targetType == TargetCloudWatch:
		return EventsAll
	default:
		return EventsProblems
	}
}

// Target returns the target called name.
func (n Notifications) Target(name string) (NotificationTarget, bool) {
	for _, t := range n.Targets {
		if t.Name == name {
			return t, true
		}
	}
	return NotificationTarget{}, false
}

// AWSRegion returns the region of a target in AWS, "" for others.
func (t NotificationTarget) AWSRegion() string {
	if t.Region == "" && t.TopicARN != "" {
		if parts := strings.Split(t.TopicARN, ":"); len(parts) > 3 {
			return parts[3]
		}
	}
	return t.Region
}

// ProblemAt returns a problem of the key at path, placed where it was written.
func (c *Config) ProblemAt(path, message string) Problem {
	return c.originOf(path).problem(path, message)
}

// originOf returns where the key at path was written, or what it is part of.
func (c *Config) originOf(path string) origin {
	for at := path; at != ""; {
		if o, ok := c.origins[at]; ok {
			return o
		}
		cut := strings.LastIndexAny(at, ".[")
		if cut < 0 {
			break
		}
		at = at[:cut]
	}
	return origin{file: c.file}
}
