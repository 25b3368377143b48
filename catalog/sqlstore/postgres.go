package sqlstore

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"holdfast/failure"
)

const (
	defaultPostgresConns = 16
	postgresConnLife     = 30 * time.Minute
	postgresConnIdle     = 5 * time.Minute
)

// postgresSettings are given to every session unless the address sets them. The server
// ends what the client gave up on, so that no lock outlives its holder.
// Source: https://www.postgresql.org/docs/current/runtime-config-client.html
var postgresSettings = map[string]string{
	"application_name":                    "holdfast",
	"statement_timeout":                   "30s",
	"lock_timeout":                        "20s",
	"idle_in_transaction_session_timeout": "60s",
	"timezone":                            "UTC",
	// Plans made while a table was empty must not be kept when it has a million rows.
	"plan_cache_mode": "force_custom_plan",
}

// openPostgres makes the pool; the first connection is made by migrate.
func openPostgres(dsn string, opts Options) (*Store, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		// pgx leaves the password out of its message.
		return nil, failure.Errorf(failure.Invalid, "catalog.dsn: %w", err)
	}
	for name, value := range postgresSettings {
		if _, set := cfg.RuntimeParams[name]; !set {
			cfg.RuntimeParams[name] = value
		}
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 10 * time.Second
	}
	db := stdlib.OpenDB(*cfg)
	conns := opts.MaxConns
	if conns == 0 {
		conns = defaultPostgresConns
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxLifetime(postgresConnLife)
	db.SetConnMaxIdleTime(postgresConnIdle)
	where := fmt.Sprintf("%s:%d database %s", cfg.Host, cfg.Port, cfg.Database)
	return &Store{dialect: dialect{postgres: true}, where: where, clock: opts.Clock, reader: db, writer: db}, nil
}
