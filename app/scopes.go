package app

import (
	"context"

	"holdfast/resource"
)

// Scopes returns every (account, region) that may get new jobs.
func (a *App) Scopes(ctx context.Context) ([]resource.Scope, error) {
	accounts, err := a.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	aws := a.Config.AWS
	scopes := make([]resource.Scope, 0, len(accounts)*len(aws.Regions))
	for _, account := range accounts {
		for _, region := range aws.Regions {
			scopes = append(scopes, resource.Scope{Partition: aws.Partition, Account: account, Region: region})
		}
	}
	return scopes, nil
}
