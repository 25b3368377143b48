package app

import (
	"context"

	"holdfast/config"
	"holdfast/internal/awsorg"
)

// listedAccounts returns the accounts of the configuration.
func listedAccounts(cfg *config.Config) func(context.Context) ([]string, error) {
	accounts := withoutExcluded(cfg, cfg.AWS.Accounts.IDs)
	return func(context.Context) ([]string, error) { return accounts, nil }
}

// organizationAccounts asks AWS Organizations for its active accounts.
func organizationAccounts(cfg *config.Config, org *awsorg.Organization) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) {
		accounts, err := org.ActiveAccounts(ctx)
		if err != nil {
			return nil, err
		}
		return withoutExcluded(cfg, accounts), nil
	}
}
