package testkit

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"holdfast/internal/localserver"
)

// PostgresOption changes how the cluster runs.
type PostgresOption func(*pgOptions)

type pgOptions struct{ noSync bool }

// WithoutSync runs the cluster with fsync off: for tests that are about logic and make
// many transactions, never for those that kill things or measure.
func WithoutSync() PostgresOption { return func(o *pgOptions) { o.noSync = true } }

// Postgres returns the DSN of a fresh, empty database. The cluster is made at the first
// call and shared by the test binary (one durable, one without sync); the database is
// dropped at the end of the test. The package's TestMain must call Main, which stops the
// cluster.
func Postgres(tb testing.TB, options ...PostgresOption) string {
	tb.Helper()
	Integration(tb)
	if !mainRuns.Load() {
		tb.Fatal("testkit.Postgres needs TestMain to call testkit.Main, which stops the cluster")
	}
	var o pgOptions
	for _, option := range options {
		option(&o)
	}
	c, err := sharedCluster(o)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	printLogOnFailure(tb, "postgres", c.Log)
	name := fmt.Sprintf("test_%d", databases.Add(1))
	dsn, err := c.CreateDatabase(name)
	if err != nil {
		tb.Fatalf("postgres: %v", err)
	}
	tb.Cleanup(func() {
		if err := c.DropDatabase(name); err != nil {
			tb.Errorf("postgres: %v", err)
		}
	})
	return dsn
}

var (
	mainRuns  atomic.Bool  // Main runs the tests of this binary
	databases atomic.Int64 // names them
	shared    sync.Mutex   // guards clusters
	clusters  = map[pgOptions]*localserver.Postgres{}
)

func sharedCluster(o pgOptions) (*localserver.Postgres, error) {
	shared.Lock()
	defer shared.Unlock()
	if c, ok := clusters[o]; ok {
		return c, nil
	}
	c, err := localserver.StartPostgres(o.noSync)
	if err != nil {
		return nil, err
	}
	clusters[o] = c
	return c, nil
}

// stopShared stops the servers shared by the tests of this binary and removes their data.
func stopShared() {
	shared.Lock()
	defer shared.Unlock()
	for o, c := range clusters {
		c.Remove()
		delete(clusters, o)
	}
}
