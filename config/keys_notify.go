package config

import (
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

func notificationKeys(c *Config) []key {
	n := &c.Notifications
	return []key{
		{
			path: "notifications.group_wait", value: duration(&n.GroupWait, time.Second, time.Hour), def: "30s",
			doc: "How long events that belong together are collected before the first message about them.",
		},
		{
			path: "notifications.group_interval", value: duration(&n.GroupInterval, time.Second, 24*time.Hour), def: "15m",
			doc: "Shortest time between two messages about the same group.",
		},
		{
			path: "notifications.targets", value: records[NotificationTarget]{&n.Targets, "targets", targetKeys},
			example: "[{name: oncall, type: slack, url: 'env:SLACK_URL'}]",
			doc:     "Where messages go to. docs/notifications.md has an example of each type.",
		},
		{
			path: "notifications.routes", value: records[NotificationRoute]{&n.Routes, "routes", routeKeys},
			example: "[{targets: [oncall], events: problems, units: [production]}]",
			doc:     "Which events go where; each event goes once to each target of the routes it fits. Without routes every target gets what is usual for its type.",
		},
	}
}

func targetKeys(t *NotificationTarget) []key {
	return []key{
		{path: "name", value: text(&t.Name, checkTargetName), required: true, example: "oncall", doc: "Name of the target, for routes and `holdfast notify`."},
		{path: "type", value: choice(&t.Type, TargetWebhook, TargetSlack, TargetSMTP, TargetSNS, TargetEventBridge, TargetCloudWatch), required: true, example: TargetWebhook, doc: "What kind of target it is."},
		{path: "url", value: secretRef(&t.URL, checkHook), example: "https://hooks.example.com/holdfast", doc: "Address of a webhook or Slack-compatible webhook. It is often a secret by itself, so it is never printed."},
		{path: "secret", value: secretRef(&t.Secret, checkHMACSecret), example: "env:WEBHOOK_SECRET", doc: "Key the messages of a webhook are signed with, at least 16 characters."},
		{path: "address", value: text(&t.Address, checkAddress), example: "smtp.example.com:587", doc: "Host and port of the mail server."},
		{path: "tls", value: choice(&t.TLS, TLSStart, TLSFull, TLSNone), def: TLSStart, doc: "How mail is secured: STARTTLS (usual on port 587), TLS from the beginning (465), or not at all (a server on this machine)."},
		{path: "username", value: text(&t.Username, anyText), example: "holdfast", doc: "User at the mail server."},
		{path: "password", value: secretRef(&t.Password, anyText), example: "file:smtp-password", doc: "Password at the mail server."},
		{path: "from", value: text(&t.From, checkMailbox), example: "holdfast@example.com", doc: "Sender of mail."},
		{path: "to", value: texts(&t.To, "mail address", checkMailbox), example: "ops@example.com", doc: "Receivers of mail."},
		{path: "topic_arn", value: text(&t.TopicARN, checkTopic), example: "arn:aws:sns:eu-west-1:111122223333:backups", doc: "SNS topic; its region is that of the ARN."},
		{path: "region", value: text(&t.Region, checkRegion), example: "eu-west-1", doc: "Region of the event bus or the metrics."},
		{path: "event_bus", value: text(&t.EventBus, checkEventBus), example: "default", doc: "Name or ARN of the event bus; the default one when left out."},
		{path: "namespace", value: text(&t.Namespace, checkNamespace), example: "Holdfast/Backup", doc: "Namespace of the metrics; Holdfast/Backup when left out."},
		{path: "template", value: text(&t.Template, anyText), example: "templates/mail.txt", doc: "File with the text of messages as a Go template, relative to this file, instead of the built-in one."},
		{path: "ca_file", value: text(&t.CAFile, anyText), example: "mail-ca.pem", doc: "PEM file with the authorities to trust instead of the system's."},
	}
}

// maxGroupBy bounds how many fields a group may be made of.
const maxGroupBy = 4

// GroupFields are the fields events can be grouped by.
func GroupFields() []string {
	return []string{"account", "unit", "region", "kind", "plan", "rule", "class", "state", "type"}
}

func routeKeys(r *NotificationRoute) []key {
	return []key{
		{path: "targets", value: texts(&r.Targets, "target", checkTargetName), required: true, example: "oncall", doc: "Targets that get the events."},
		{path: "events", value: choice(&r.Events, EventsProblems, EventsAll, EventsJob, EventsBreaker, EventsRisk), example: EventsProblems, doc: "Which events: problems (jobs that did not end well, breakers, risks, and the end of each), all, or those of jobs, breakers or risks. Left out it is all for eventbridge and cloudwatch and problems for others."},
		{path: "types", value: texts(&r.Types, "operation", oneOfWords(operationNames())), example: "backup,copy", doc: "Types of jobs."},
		{path: "states", value: texts(&r.States, "state", oneOfWords(stateNames())), example: "FAILED,EXPIRED", doc: "States jobs came to."},
		{path: "classes", value: texts(&r.Classes, "error class", oneOfWords(classNames())), example: "denied,kms", doc: "Error classes."},
		{path: "accounts", value: texts(&r.Accounts, "account id", checkAccount), example: "111122223333", doc: "Accounts."},
		{path: "units", value: texts(&r.Units, "organizational unit", anyText), example: "production", doc: "Organizational units of aws.accounts.units; those inside them count too."},
		{path: "plans", value: texts(&r.Plans, "plan", anyText), example: "daily", doc: "Backup plans."},
		{path: "kinds", value: texts(&r.Kinds, "kind", oneOfWords(kindNames())), example: kindNames()[1], doc: "Kinds of resources."},
		{path: "tags", value: texts(&r.Tags, "key=value", checkTag), example: "team=web", doc: "Tags of the resource, each of which it must have; team=* takes any value."},
		{path: "group_by", value: texts(&r.GroupBy, "field", oneOfWords(GroupFields())), example: "account,class", doc: "What events of one message have in common; account, class and state when left out."},
	}
}

var (
	targetNamePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)
	topicPattern      = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$`)
	// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
	busPattern       = regexp.MustCompile(`^(arn:aws[a-z-]*:events:[a-z]{2}-[a-z-]+-[0-9]+:[0-9]{12}:event-bus/)?[/.\-_A-Za-z0-9]{1,256}$`)
	namespacePattern = regexp.MustCompile(`^[0-9A-Za-z.\-_/#]{1,255}$`)
)

func checkTargetName(s string) error {
	if !targetNamePattern.MatchString(s) {
		return fmt.Errorf("%q is not the name of a target: use 1 to 32 of a-z, 0-9, '-' and '_'", s)
	}
	return nil
}

// checkHook never repeats the address: it is often a secret.
func checkHook(s string) error {
	if checkURL(s) != nil {
		return fmt.Errorf("is not a URL without user and password: write https://HOST/PATH")
	}
	return nil
}

const minHMACSecret = 16

func checkHMACSecret(s string) error {
	if len(s) < minHMACSecret {
		return fmt.Errorf("is shorter than %d characters: `openssl rand -hex 32` makes a good one", minHMACSecret)
	}
	return nil
}

func checkMailbox(s string) error {
	if a, err := mail.ParseAddress(s); err != nil || !strings.Contains(a.Address, "@") {
		return fmt.Errorf("%q is not a mail address, for example ops@example.com", s)
	}
	return nil
}

func checkTopic(s string) error {
	if !topicPattern.MatchString(s) {
		return fmt.Errorf("%q is not the ARN of an SNS topic: write arn:aws:sns:REGION:ACCOUNT:NAME", s)
	}
	return nil
}

func checkEventBus(s string) error {
	if !busPattern.MatchString(s) {
		return fmt.Errorf("%q is not the name or ARN of an event bus: write NAME or arn:aws:events:REGION:ACCOUNT:event-bus/NAME", s)
	}
	return nil
}

func checkNamespace(s string) error {
	if !namespacePattern.MatchString(s) || strings.HasPrefix(s, "AWS/") {
		return fmt.Errorf("%q is not a namespace of your own: use letters, digits and ./_-#, and no name that begins with AWS/", s)
	}
	return nil
}

func checkTag(s string) error {
	if name, value, ok := strings.Cut(s, "="); !ok || name == "" || value == "" {
		return fmt.Errorf("%q is not key=value: write team=web, or team=* for any value", s)
	}
	return nil
}

// oneOfWords checks that a text is in a closed list.
func oneOfWords(words []string) func(string) error {
	return func(s string) error {
		if !slices.Contains(words, s) {
			return fmt.Errorf("%q is not one of %s", s, strings.Join(words, ", "))
		}
		return nil
	}
}

func words[S ~string](list []S) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

func operationNames() []string {
	return words([]driver.Operation{driver.Backup, driver.Copy, driver.Restore, driver.Expire, driver.Archive})
}
func stateNames() []string { return words(catalog.States()) }
func classNames() []string { return words(failure.Classes()) }
func kindNames() []string  { return words(resource.Kinds()) }
