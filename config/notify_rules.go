package config

import (
	"fmt"
	"slices"
	"strings"
)

// targetField is a field of a target that belongs to some types only.
type targetField struct {
	name     string
	set      func(NotificationTarget) bool
	types    []string // that may have it
	required []string // that must
}

func targetFields() []targetField {
	hooks := []string{TargetWebhook, TargetSlack}
	mail, sns := []string{TargetSMTP}, []string{TargetSNS}
	return []targetField{
		{"url", func(t NotificationTarget) bool { return t.URL.Set() }, hooks, hooks},
		{"secret", func(t NotificationTarget) bool { return t.Secret.Set() }, []string{TargetWebhook}, nil},
		{"address", func(t NotificationTarget) bool { return t.Address != "" }, mail, mail},
		{"tls", func(t NotificationTarget) bool { return t.TLS != TLSStart }, mail, nil},
		{"username", func(t NotificationTarget) bool { return t.Username != "" }, mail, nil},
		{"password", func(t NotificationTarget) bool { return t.Password.Set() }, mail, nil},
		{"from", func(t NotificationTarget) bool { return t.From != "" }, mail, mail},
		{"to", func(t NotificationTarget) bool { return len(t.To) > 0 }, mail, mail},
		{"topic_arn", func(t NotificationTarget) bool { return t.TopicARN != "" }, sns, sns},
		{"region", func(t NotificationTarget) bool { return t.Region != "" }, []string{TargetEventBridge, TargetCloudWatch}, []string{TargetEventBridge, TargetCloudWatch}},
		{"event_bus", func(t NotificationTarget) bool { return t.EventBus != "" }, []string{TargetEventBridge}, nil},
		{"namespace", func(t NotificationTarget) bool { return t.Namespace != "" }, []string{TargetCloudWatch}, nil},
		{"template", func(t NotificationTarget) bool { return t.Template != "" }, []string{TargetWebhook, TargetSlack, TargetSMTP, TargetSNS}, nil},
		{"ca_file", func(t NotificationTarget) bool { return t.CAFile != "" }, []string{TargetWebhook, TargetSlack, TargetSMTP}, nil},
	}
}

func notificationRules(c *Config) (findings []finding) {
	for i, t := range c.Notifications.Targets {
		path := fmt.Sprintf("notifications.targets[%d]", i)
		findings = append(findings, targetRules(path, t)...)
		if slices.ContainsFunc(c.Notifications.Targets[:i], func(o NotificationTarget) bool { return o.Name == t.Name && t.Name != "" }) {
			findings = append(findings, finding{path + ".name", fmt.Sprintf("%q is the name of another target: give it its own", t.Name)})
		}
	}
	for i, r := range c.Notifications.Routes {
		findings = append(findings, routeRules(c, fmt.Sprintf("notifications.routes[%d]", i), r)...)
	}
	return findings
}

func targetRules(path string, t NotificationTarget) (findings []finding) {
	add := func(field, format string, args ...any) {
		findings = append(findings, finding{path + "." + field, fmt.Sprintf(format, args...)})
	}
	if t.Name == "" {
		add("name", "is required: give the target a name, for example oncall")
	}
	if t.Type == "" {
		add("type", "is required: one of webhook, slack, smtp, sns, eventbridge, cloudwatch")
		return findings
	}
	for _, f := range targetFields() {
		switch set := f.set(t); {
		case set && !slices.Contains(f.types, t.Type):
			add(f.name, "does not belong to a target of type %s, only to %s: remove it", t.Type, strings.Join(f.types, ", "))
		case !set && slices.Contains(f.required, t.Type):
			add(f.name, "is required for a target of type %s", t.Type)
		}
	}
	if t.Type == TargetSMTP {
		findings = append(findings, mailRules(path, t)...)
	}
	return findings
}

// mailRules keep a password from going over the network in the clear.
func mailRules(path string, t NotificationTarget) (findings []finding) {
	if (t.Username == "") != !t.Password.Set() {
		findings = append(findings, finding{path + ".password", "username and password belong together: give both or neither"})
	}
	host, _, _ := strings.Cut(t.Address, ":")
	if t.TLS == TLSNone && t.Password.Set() && !isLoopback(host) {
		findings = append(findings, finding{path + ".tls", "is none, which would send the password in the clear: use starttls or tls"})
	}
	return findings
}

func routeRules(c *Config, path string, r NotificationRoute) (findings []finding) {
	add := func(field, format string, args ...any) {
		findings = append(findings, finding{path + "." + field, fmt.Sprintf(format, args...)})
	}
	if len(r.Targets) == 0 {
		add("targets", "is required: name the targets that get the events")
	}
	for _, name := range r.Targets {
		if _, ok := c.Notifications.Target(name); !ok {
			add("targets", "there is no target %q in notifications.targets", name)
		}
	}
	known := c.AWS.Accounts.UnitNames()
	for _, unit := range r.Units {
		if !slices.Contains(known, unit) {
			add("units", "%q is in no entry of aws.accounts.units: add it there or correct it", unit)
		}
	}
	if len(r.GroupBy) > maxGroupBy {
		add("group_by", "has %d fields, at most %d: a group of its own for everything is a storm", len(r.GroupBy), maxGroupBy)
	}
	jobOnly := len(r.Types)+len(r.States)+len(r.Kinds)+len(r.Tags) > 0
	if jobOnly && (r.Events == EventsBreaker || r.Events == EventsRisk) {
		add("events", "is %s, but types, states, kinds and tags are of jobs: nothing would fit", r.Events)
	}
	return findings
}

// ResolveSecrets finds the secrets of notifications that are in environ or in files.
// Everything that cannot be found is in one *Error.
func (c *Config) ResolveSecrets(environ []string) error {
	var problems []Problem
	for i := range c.Notifications.Targets {
		t := &c.Notifications.Targets[i]
		for _, s := range []struct {
			name  string
			ref   *SecretRef
			check func(string) error
		}{{"url", &t.URL, checkHook}, {"secret", &t.Secret, checkHMACSecret}, {"password", &t.Password, anyText}} {
			if err := s.ref.resolve(environ, c.Path, s.check); err != nil {
				problems = append(problems, c.ProblemAt(fmt.Sprintf("notifications.targets[%d].%s", i, s.name), err.Error()))
			}
		}
	}
	return asError(problems)
}
