package app

import (
	"context"
	"fmt"

	"holdfast/config"
	"holdfast/driver"
	"holdfast/driver/all"
	"holdfast/driver/awsbackup"
	"holdfast/internal/awssession"
	"holdfast/resource"
	"holdfast/sim"
)

// PlanningDrivers returns the enabled drivers for a process that calls nobody: they
// describe themselves and plan restores, and refuse everything else.
func PlanningDrivers(cfg *config.Config) *driver.Registry {
	return enabled(all.With(awssession.Refuse("this command makes no AWS calls"), awsbackup.Options{ServiceRole: cfg.AWS.Roles.BackupService}), cfg)
}

// Accounts returns the accounts that may get new jobs.
func (a *App) Accounts(ctx context.Context) ([]string, error) {
	accounts, err := a.opts.Accounts(ctx)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	return accounts, nil
}

// CheckRole finds out whether calls for purpose can be made in scope: it assumes the role
// there, or asks the simulated organization for a sign of life.
func (a *App) CheckRole(ctx context.Context, scope resource.Scope, purpose resource.Purpose) error {
	ctx, cancel := context.WithTimeout(ctx, a.Config.AWS.CallTimeout)
	defer cancel()
	if remote, ok := a.opts.Sessions.(*sim.Remote); ok {
		_, err := remote.Ledger(ctx)
		return err
	}
	_, err := a.opts.Sessions.Config(ctx, awssession.Request{Scope: scope, Purpose: purpose})
	return err
}
