package sqlstore

import (
	"database/sql"
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
}

// Two kinds of sessions plan differently. What lists by filters is planned each time: a
// plan made while a table was empty must not be kept when it has a million rows. What
// writes or asks for exact keys has an index for every one of them and is planned once:
// planning took as long as carrying out. For those any other way than to follow an index
// would be a plan for an empty table, so the others are off.
var (
	listingSettings = map[string]string{"plan_cache_mode": "force_custom_plan"}
	seekingSettings = map[string]string{
		"plan_cache_mode": "force_generic_plan",
		"enable_seqscan":  "off", "enable_bitmapscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off",
	}
)

// openPostgres makes the pools; the first connection is made by migrate.
func openPostgres(dsn string, opts Options) (*Store, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		// pgx leaves the password out of its message.
		return nil, failure.Errorf(failure.Invalid, "catalog.dsn: %w", err)
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 10 * time.Second
	}
	conns := opts.MaxConns
	if conns == 0 {
		conns = defaultPostgresConns
	}
	listing := max(conns/4, 1)
	where := fmt.Sprintf("%s:%d database %s", cfg.Host, cfg.Port, cfg.Database)
	seeker := postgresPool(cfg, seekingSettings, max(conns-listing, 1))
	return &Store{
		dialect: dialect{postgres: true}, where: where, clock: opts.Clock,
		reader: postgresPool(cfg, listingSettings, listing), seeker: seeker, writer: seeker,
	}, nil
}

// postgresPool makes a pool of at most conns sessions with settings of their own.
func postgresPool(cfg *pgx.ConnConfig, own map[string]string, conns int) *sql.DB {
	cfg = cfg.Copy()
	for _, settings := range []map[string]string{postgresSettings, own} {
		for name, value := range settings {
			if _, set := cfg.RuntimeParams[name]; !set {
				cfg.RuntimeParams[name] = value
			}
		}
	}
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxLifetime(postgresConnLife)
	db.SetConnMaxIdleTime(postgresConnIdle)
	return db
}
