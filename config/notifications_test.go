package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/config"
)

const twoTargets = `notifications:
  group_wait: 10s
  targets:
    - name: hook
      type: webhook
      url: https://hooks.example.com/topsecretpath
      secret: env:HOOK_SECRET
    - name: mail
      type: smtp
      address: smtp.example.com:587
      username: holdfast
      password: file:smtp-password
      from: Holdfast <holdfast@example.com>
      to: [ops@example.com]
  routes:
    - targets: [hook, mail]
      classes: [denied]
      tags: [team=web]
`

func TestNotifications(t *testing.T) {
	t.Parallel()
	path := write(t, minimal+twoTargets)
	c, err := config.Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if hook, _ := c.Notifications.Target("hook"); hook.URL.Reveal() == "" || hook.TLS != config.TLSStart || hook.Secret.Reveal() != "" {
		t.Errorf("the target is %+v", hook)
	}
	err = c.ResolveSecrets(nil)
	for _, want := range []string{":12: notifications.targets[0].secret: the environment variable HOOK_SECRET is not set", "targets[1].password: the file"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error %v lacks %q", err, want)
		}
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "smtp-password"), []byte("hunter2\nnotes\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.ResolveSecrets([]string{"HOOK_SECRET=0123456789abcdef"}); err != nil {
		t.Fatal(err)
	}
	hook, _ := c.Notifications.Target("hook")
	mail, _ := c.Notifications.Target("mail")
	if hook.Secret.Reveal() != "0123456789abcdef" || mail.Password.Reveal() != "hunter2" {
		t.Errorf("the secrets are %q and %q", hook.Secret.Reveal(), mail.Password.Reveal())
	}
	for _, s := range c.Effective() {
		for _, leak := range []string{"topsecretpath", "hunter2", "0123456789abcdef"} {
			if strings.Contains(s.Text, leak) {
				t.Errorf("%s prints a secret: %s", s.Key, s.Text)
			}
		}
		if s.Key == "notifications.targets" && !strings.Contains(s.Text, "env:HOOK_SECRET") {
			t.Errorf("where the secret is does not show: %s", s.Text)
		}
	}
	inEnviron := `HOLDFAST_NOTIFICATIONS_TARGETS=[{"name":"bus","type":"eventbridge","region":"eu-west-1"}]`
	if c, err = config.Load(write(t, minimal), []string{inEnviron}); err != nil || c.Notifications.Targets[0].Name != "bus" {
		t.Errorf("targets from the environment: %+v, %v", c, err)
	}
}

func TestNotificationsAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"no list":           {`targets: {name: a}`, "notifications.targets: must be a list of targets"},
		"unknown field":     {`targets: [{name: a, type: slack, url: "https://x/y", adddress: b}]`, "targets[0].adddress: unknown key: did you mean notifications.targets[0].address?"},
		"unknown type":      {`targets: [{name: a, type: pager}]`, `"pager" is not one of webhook, slack`},
		"wrong type":        {`targets: [{name: a, type: slack, url: "https://x/y", topic_arn: "arn:aws:sns:eu-west-1:111122223333:t"}]`, "targets[0].topic_arn: does not belong to a target of type slack"},
		"wrong ARN":         {`targets: [{name: a, type: sns, topic_arn: "arn:aws:sqs:eu-west-1:111122223333:t"}]`, "is not the ARN of an SNS topic"},
		"wrong address":     {`targets: [{name: a, type: smtp, address: mail, from: a@b.c, to: [b@c.d]}]`, `"mail" is not host:port`},
		"wrong mailbox":     {`targets: [{name: a, type: smtp, address: "m:25", from: me, to: [b@c.d]}]`, `"me" is not a mail address`},
		"incomplete":        {`targets: [{name: a, type: webhook}]`, "targets[0].url: is required for a target of type webhook"},
		"twice":             {`targets: [{name: a, type: slack, url: "https://x/y"}, {name: a, type: slack, url: "https://x/y"}]`, "targets[1].name: \"a\" is the name of another target"},
		"password in clear": {`targets: [{name: a, type: smtp, address: "m.example.com:25", from: a@b.c, to: [b@c.d], tls: none, username: u, password: p}]`, "would send the password in the clear"},
		"short secret":      {`targets: [{name: a, type: webhook, url: "https://x/y", secret: short}]`, "is shorter than 16 characters"},
		"unknown target":    {`routes: [{targets: [b]}]`, `routes[0].targets: there is no target "b"`},
		"unknown class":     {`routes: [{targets: [b], classes: [unlucky]}]`, `routes[0].classes[0]: "unlucky" is not one of throttled`},
		"unknown unit":      {`routes: [{targets: [b], units: [moon]}]`, `routes[0].units: "moon" is in no entry of aws.accounts.units`},
		"nothing fits":      {`routes: [{targets: [b], events: breaker, states: [FAILED]}]`, "routes[0].events: is breaker, but types, states, kinds and tags are of jobs"},
		"a storm":           {`routes: [{targets: [b], group_by: [account, plan, rule, kind, class]}]`, "routes[0].group_by: has 5 fields, at most 4"},
		"wrong tag":         {`routes: [{targets: [b], tags: [team]}]`, `"team" is not key=value`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(write(t, minimal+"notifications: {"+c.text+"}\n"), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), ":6: notifications.") {
				t.Errorf("the error is\n%v\nwant line 6 and\n%s", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "https://x") {
				t.Errorf("the address, often a secret, is repeated: %v", err)
			}
		})
	}
}

func TestRouteWants(t *testing.T) {
	t.Parallel()
	var got []string
	for _, r := range []config.NotificationRoute{{}, {Events: config.EventsRisk}} {
		for _, target := range []string{config.TargetSlack, config.TargetCloudWatch} {
			got = append(got, r.Wants(target))
		}
	}
	if diff := cmp.Diff([]string{config.EventsProblems, config.EventsAll, config.EventsRisk, config.EventsRisk}, got); diff != "" {
		t.Error(diff)
	}
}
