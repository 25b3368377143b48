package app

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"holdfast/admission"
	"holdfast/config"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// OpenRedis connects to the Redis the fleet of cfg shares; close the client. An embedded
// one lives in another process and cannot be reached: that is an error of class invalid.
func OpenRedis(ctx context.Context, cfg *config.Config) (redis.UniversalClient, error) {
	if cfg.Redis.Mode == config.RedisEmbedded {
		return nil, failure.Errorf(failure.Invalid, "redis.mode is embedded: only the process that runs `holdfast up` can reach its Redis")
	}
	client, _, err := openRedis(ctx, cfg)
	return client, err
}

// Accounts returns the accounts that may get new jobs, as the configuration says.
func (a *App) Accounts(ctx context.Context) ([]string, error) {
	accounts, err := a.opts.Accounts(ctx)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	return accounts, nil
}

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

// Sessions returns where the AWS calls of this process go.
func (a *App) Sessions() awssession.Provider { return a.opts.Sessions }

// noSlots stands for admission in a process without Redis: nothing may begin there.
type noSlots struct{}

func (noSlots) Enter(context.Context, admission.Grant) error {
	return failure.Errorf(failure.Internal, "this process has no Redis and starts no jobs")
}

func (noSlots) Release(context.Context, ...string) error {
	return failure.Errorf(failure.Internal, "this process has no Redis and ends no jobs")
}
