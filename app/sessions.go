package app

import (
	"context"
	"slices"

	"holdfast/config"
	"holdfast/internal/awsorg"
	"holdfast/internal/awssession"
	"holdfast/sim"
)

// openSessions chooses where AWS calls go and which accounts there are: what the options
// say, a simulated organization served by another process, or AWS itself.
func (a *App) openSessions(ctx context.Context) error {
	cfg := a.Config
	if a.opts.Accounts == nil {
		a.opts.Accounts = listedAccounts(cfg)
	}
	if a.opts.Sessions == nil && cfg.AWS.SimulatorURL != "" {
		a.opts.Sessions = sim.Dial(cfg.AWS.SimulatorURL)
	}
	if a.opts.Sessions != nil {
		a.calls = a.pacer.Provider(awssession.Recorded(a.opts.Sessions))
		return nil
	}
	provider, err := awssession.NewProvider(ctx, awssession.Options{
		Installation: cfg.Installation, RoleTemplate: cfg.AWS.Roles.ARNTemplate,
		WithoutSessionPolicies: !cfg.AWS.Roles.SessionPolicies,
		ExternalID:             cfg.AWS.Roles.ExternalID.Reveal(), Duration: cfg.AWS.Roles.SessionDuration,
		Timeout: cfg.AWS.CallTimeout, EndpointURL: cfg.AWS.EndpointURL, Observer: a.opts.Hooks.AWSCall, Pacer: a.pacer,
	})
	if err != nil {
		return err
	}
	a.opts.Sessions, a.calls = provider, provider
	if cfg.AWS.Accounts.Source == config.AccountsOrganizations {
		a.opts.Accounts = organizationAccounts(cfg, awsorg.New(provider.Base("")))
	}
	return nil
}

// withoutExcluded returns accounts without those the configuration excludes.
func withoutExcluded(cfg *config.Config, accounts []string) []string {
	kept := make([]string, 0, len(accounts))
	for _, account := range accounts {
		if !slices.Contains(cfg.AWS.Accounts.Exclude, account) {
			kept = append(kept, account)
		}
	}
	return kept
}
