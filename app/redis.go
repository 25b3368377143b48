package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"holdfast/admission/redislimit"
	"holdfast/config"
	"holdfast/internal/clock"
)

// Limits of the Redis connection.
const (
	redisPingTimeout = 5 * time.Second
	minRedisPool     = 32
)

// openRedis connects to the configured Redis, or starts one inside the process, and
// returns how to stop it.
func openRedis(ctx context.Context, cfg *config.Config) (redis.UniversalClient, func() error, error) {
	if cfg.Redis.Mode == config.RedisEmbedded {
		return openEmbeddedRedis(cfg)
	}
	options, err := redisOptions(cfg)
	if err != nil {
		return nil, nil, err
	}
	client := redis.NewUniversalClient(options)
	ctx, cancel := context.WithTimeout(ctx, redisPingTimeout)
	defer cancel()
	if err := client.Ping(ctx).Err(); err != nil {
		_ = client.Close()
		return nil, nil, fmt.Errorf("redis at %s does not answer: %w: check redis.addresses, redis.password and that the server is up",
			strings.Join(cfg.Redis.Addresses, ", "), err)
	}
	return client, client.Close, nil
}

// ageEvery is how often the keys of the embedded Redis age. miniredis can do so at each
// command, but then walks over every key each time: with 600 resources that was 70 % of
// the CPU of a night.
const ageEvery = time.Second

// openEmbeddedRedis starts a Redis in this process. It holds nothing that the catalog
// could not refill.
func openEmbeddedRedis(cfg *config.Config) (redis.UniversalClient, func() error, error) {
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr("127.0.0.1:0"); err != nil {
		return nil, nil, fmt.Errorf("start the embedded redis: %w", err)
	}
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), PoolSize: poolSize(cfg)})
	ctx, cancel := context.WithCancel(context.Background())
	aged := make(chan struct{})
	go func() {
		defer close(aged)
		ageKeys(ctx, server, clock.System())
	}()
	stop := func() error {
		cancel()
		<-aged
		err := client.Close()
		server.Close()
		return err
	}
	return client, stop, nil
}

// ageKeys lets the keys of server expire as time passes on c, until ctx ends.
func ageKeys(ctx context.Context, server *miniredis.Miniredis, c clock.Clock) {
	for last := c.Now(); c.Sleep(ctx, ageEvery) == nil; {
		now := c.Now()
		server.FastForward(now.Sub(last))
		last = now
	}
}

// redisOptions translates the configuration.
func redisOptions(cfg *config.Config) (*redis.UniversalOptions, error) {
	r := cfg.Redis
	options := &redis.UniversalOptions{
		Addrs: r.Addresses, Username: r.Username, Password: r.Password.Reveal(), DB: r.DB,
		PoolSize: poolSize(cfg), IsClusterMode: r.Mode == config.RedisCluster,
	}
	if r.Mode == config.RedisSentinel {
		options.MasterName = r.SentinelMaster
	}
	if !r.TLS.Enabled {
		return options, nil
	}
	options.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if r.TLS.CAFile == "" {
		return options, nil
	}
	pem, err := os.ReadFile(r.TLS.CAFile)
	if err != nil {
		return nil, fmt.Errorf("redis.tls.ca_file: %w", err)
	}
	options.TLSConfig.RootCAs = x509.NewCertPool()
	if !options.TLSConfig.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("redis.tls.ca_file: %s has no certificate in PEM form", r.TLS.CAFile)
	}
	return options, nil
}

// admissionOptions says whose slots they are and whether a replica may take over.
func admissionOptions(cfg *config.Config) redislimit.Options {
	return redislimit.Options{Installation: cfg.Installation, Replicated: cfg.Redis.Mode == config.RedisSentinel}
}

func poolSize(cfg *config.Config) int { return max(minRedisPool, 2*cfg.Worker.Concurrency) }
