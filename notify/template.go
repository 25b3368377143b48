package notify

import (
	_ "embed"
	"fmt"
	"os"
	"strings"
	"text/template"
	"time"

	"holdfast/catalog"
	"holdfast/config"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

//go:embed message.tmpl
var builtIn string

// maxText bounds what a template may make: SNS takes 256 KB.
const maxText = 200 << 10

// Templates are the texts of the targets, by target.
type Templates map[string]*template.Template

// ReadTemplates reads and tries the template of every target, and returns what is wrong.
func ReadTemplates(cfg *config.Config) (Templates, []config.Problem) {
	all := Templates{}
	var problems []config.Problem
	for i, t := range cfg.Notifications.Targets {
		text := builtIn
		if t.Template != "" {
			data, err := os.ReadFile(cfg.Path(t.Template))
			text = string(data)
			if err != nil {
				problems = append(problems, templateProblem(cfg, i, err))
				continue
			}
		}
		parsed, err := parseTemplate(text)
		if err != nil {
			problems = append(problems, templateProblem(cfg, i, err))
			continue
		}
		all[t.Name] = parsed
	}
	return all, problems
}

func templateProblem(cfg *config.Config, target int, err error) config.Problem {
	return cfg.ProblemAt(fmt.Sprintf("notifications.targets[%d].template", target),
		fmt.Sprintf("cannot be used: %v: correct it, or leave it out for the built-in text", err))
}

// parseTemplate parses a text and fills it in with a message of each type, so that what
// would fail at night fails when it is checked.
func parseTemplate(text string) (*template.Template, error) {
	t, err := template.New("message").Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, err
	}
	for _, m := range Samples() {
		if _, err := fill(t, m); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func fill(t *template.Template, m Message) (string, error) {
	var b strings.Builder
	if err := t.Execute(&b, m); err != nil {
		return "", err
	}
	if b.Len() > maxText {
		return "", fmt.Errorf("the text has %d bytes, at most %d", b.Len(), maxText)
	}
	return strings.TrimSpace(b.String()) + "\n", nil
}

// Samples returns a message of each type of events, for trying templates.
func Samples() []Message {
	at := time.Date(2026, 3, 3, 2, 0, 0, 0, time.UTC)
	job := Event{
		Seq: 7, At: at, Type: config.EventsJob, State: string(catalog.Failed), Problem: true, Account: "111122223333",
		Region: "eu-west-1", Plan: "daily", Rule: "nightly", JobID: "6mpz72yzs7geu2grkcuv6eq3hw", Operation: driver.Backup,
		Kind: resource.Kinds()[1], Resource: "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1", Class: failure.Denied, Message: "not authorized",
	}
	breaker := Event{Seq: 8, At: at, Type: config.EventsBreaker, State: Opened, Problem: true, Account: "111122223333", Message: "AccessDenied"}
	over := Event{Seq: 9, At: at, Type: config.EventsRisk, State: Closed, Resolved: true, Risk: catalog.RiskRPO, Account: "111122223333", Plan: "daily", Rule: "nightly", Count: 3}
	var list []Message
	for _, events := range [][]Event{{job}, {job, job, job}, {breaker}, {over}} {
		m := Message{Version: messageVersion, ID: "sample", Installation: "production", Target: "oncall", Group: "job", SentAt: at}
		for _, e := range events {
			m.add(config.TargetWebhook, e)
		}
		m.Title = titleOf(m.Body)
		list = append(list, m)
	}
	return list
}
