package chaos

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// fastDatabaseClock gives the database the fast clock: the product asks it for
// clock_timestamp(), and finds ours before PostgreSQL's.
func (r *run) fastDatabaseClock(ctx context.Context, dsn string) error {
	const function = `CREATE TABLE fast_clock (start timestamptz, origin timestamptz, speed float8, skip interval);
CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
	'SELECT start + (pg_catalog.clock_timestamp() - origin) * speed + skip FROM public.fast_clock'`
	database := dsn[strings.LastIndex(dsn, "/")+1:]
	database, _, _ = strings.Cut(database, "?")
	return execute(ctx, dsn,
		function,
		fmt.Sprintf("INSERT INTO fast_clock VALUES (to_timestamp(%d::float8 / 1e6), to_timestamp(%d::float8 / 1e6), %g, '0')",
			r.clock.Start().UnixMicro(), r.clock.Origin().UnixMicro(), r.clock.Speed()),
		"ALTER DATABASE "+database+" SET search_path = public, pg_catalog",
	)
}

// moveDatabaseClock moves the database's clock to where ours is.
func (r *run) moveDatabaseClock(ctx context.Context) error {
	return execute(ctx, r.fleet.DSN, fmt.Sprintf("UPDATE fast_clock SET skip = interval '%d seconds'", int64(r.clock.Skipped().Seconds())))
}

// execute runs statements one after another.
func execute(ctx context.Context, dsn string, statements ...string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}
