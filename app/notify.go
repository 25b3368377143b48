package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/catalog"
	"holdfast/config"
	"holdfast/internal/awssession"
	"holdfast/notify"
	"holdfast/notify/cloudwatch"
	"holdfast/notify/email"
	"holdfast/notify/eventbridge"
	"holdfast/notify/sns"
	"holdfast/notify/webhook"
	"holdfast/scheduler"
)

// CheckNotifications returns everything that is wrong with the templates and files that
// notifications name.
func CheckNotifications(cfg *config.Config) error {
	_, problems := notify.ReadTemplates(cfg)
	for i, t := range cfg.Notifications.Targets {
		if _, err := notify.TLSConfig(certificates(cfg, t)); err != nil {
			problems = append(problems, cfg.ProblemAt(fmt.Sprintf("notifications.targets[%d].ca_file", i), err.Error()))
		}
	}
	if len(problems) > 0 {
		return &config.Error{Problems: problems}
	}
	return nil
}

func certificates(cfg *config.Config, t config.NotificationTarget) string {
	if t.CAFile == "" {
		return ""
	}
	return cfg.Path(t.CAFile)
}

// NewDeliverer returns what sends notifications to the configured targets, whose secrets
// must be resolved.
func NewDeliverer(ctx context.Context, opts Options, store catalog.Notifications) (*notify.Deliverer, error) {
	cfg := opts.Config
	templates, problems := notify.ReadTemplates(cfg)
	if len(problems) > 0 {
		return nil, &config.Error{Problems: problems}
	}
	targets := map[string]notify.Target{}
	for _, t := range cfg.Notifications.Targets {
		target, err := newTarget(ctx, opts, t)
		if err != nil {
			return nil, fmt.Errorf("notification target %s: %w", t.Name, err)
		}
		targets[t.Name] = target
	}
	return notify.NewDeliverer(store, targets, templates, cfg.Installation, opts.Clock, opts.Log), nil
}

func newTarget(ctx context.Context, opts Options, t config.NotificationTarget) (notify.Target, error) {
	secure, err := notify.TLSConfig(certificates(opts.Config, t))
	if err != nil {
		return nil, err
	}
	switch t.Type {
	case config.TargetWebhook:
		return webhook.New(t.URL.Reveal(), t.Secret.Reveal(), secure), nil
	case config.TargetSlack:
		return webhook.NewSlack(t.URL.Reveal(), secure), nil
	case config.TargetSMTP:
		return email.New(email.Options{
			Address: t.Address, TLS: t.TLS, TLSConfig: secure,
			Username: t.Username, Password: t.Password.Reveal(), From: t.From, To: t.To,
		}), nil
	}
	return newAWSTarget(ctx, opts, t)
}

// newAWSTarget returns a target that is reached with the process' own credentials; topics
// and buses of other accounts allow that in their policies.
func newAWSTarget(ctx context.Context, opts Options, t config.NotificationTarget) (notify.Target, error) {
	provider, err := awssession.NewProvider(ctx, awssession.Options{
		Installation: opts.Config.Installation, EndpointURL: opts.Config.AWS.EndpointURL, Observer: opts.Hooks.AWSCall,
	})
	if err != nil {
		return nil, err
	}
	cfg := provider.Base(t.AWSRegion())
	switch t.Type {
	case config.TargetSNS:
		return sns.New(cfg, t.TopicARN), nil
	case config.TargetEventBridge:
		return eventbridge.New(cfg, t.EventBus), nil
	case config.TargetCloudWatch:
		return cloudwatch.New(cfg, t.Namespace), nil
	}
	return nil, fmt.Errorf("there is no target of type %q", t.Type)
}

// targetNames returns the names of the configured targets.
func targetNames(cfg *config.Config) []string {
	names := make([]string, len(cfg.Notifications.Targets))
	for i, t := range cfg.Notifications.Targets {
		names[i] = t.Name
	}
	return names
}

// watcher returns what reads the history for notifications, nil when nobody is to be told.
func (a *App) watcher() *notify.Watcher {
	if len(a.Config.Notifications.Targets) == 0 {
		return nil
	}
	return notify.NewWatcher(a.Store, a.Producer, a.Config.Notifications, a.Config.AWS.Accounts.UnitsOf, a.Clock, a.log)
}

// leaderPatience is how long nobody may lead before workers say so.
const leaderPatience = 2 * time.Minute

// watchLeader tells of a missing leader, which the leader cannot: after a while without
// one every worker reads the history itself. It returns when ctx ends.
func (a *App) watchLeader(ctx context.Context) error {
	w := a.watcher()
	var missing time.Time // since when, as far as this process has seen
	for a.Clock.Sleep(ctx, a.Config.Scheduler.LeaseTTL) == nil {
		lease, err := a.Store.Lease(ctx, scheduler.LeaseName)
		now := a.Clock.Now()
		switch {
		case err != nil:
			a.log.Warn().Err(err).Msg("the leader lease cannot be read")
			continue
		case lease.Held:
			missing = time.Time{}
			continue
		case missing.IsZero():
			missing = now
		}
		if now.Sub(missing) < leaderPatience {
			continue
		}
		if err := a.tellMissingLeader(ctx, w, now); err != nil && ctx.Err() == nil {
			a.log.Error().Err(err).Msg("nobody leads, and nobody could be told")
		}
	}
	return nil
}

func (a *App) tellMissingLeader(ctx context.Context, w *notify.Watcher, now time.Time) error {
	risk := catalog.Risk{
		Subject: scheduler.LeaseName, Count: 1,
		Message: "no scheduler leads: no rule fires, no waiting job is submitted, nothing expires",
	}
	err := a.Store.SetRisks(ctx, catalog.RiskLeader, []catalog.Risk{risk}, now, a.Owner)
	if w != nil {
		err = errors.Join(err, w.Run(ctx))
	}
	return err
}
