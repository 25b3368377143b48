package testkit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	pgBin     = "/usr/lib/postgresql/*/bin/" // Debian keeps them out of PATH
	pgUser    = "holdfast"
	pgTimeout = 30 * time.Second // one statement of ours, on a busy machine
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
		tb.Fatalf("postgres: %v", err)
	}
	printLogOnFailure(tb, "postgres", c.log)
	name := fmt.Sprintf("test_%d", databases.Add(1))
	if err := c.exec("CREATE DATABASE " + name); err != nil {
		tb.Fatalf("postgres: %v", err)
	}
	tb.Cleanup(func() {
		if err := c.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			tb.Errorf("postgres: %v", err)
		}
	})
	return c.dsn(name)
}

var (
	mainRuns  atomic.Bool  // Main runs the tests of this binary
	databases atomic.Int64 // names them
	shared    sync.Mutex   // guards clusters
	clusters  = map[pgOptions]*cluster{}
)

// cluster is one PostgreSQL server with its data directory.
type cluster struct {
	dir  string
	log  string
	port int
	as   *syscall.Credential
	proc *process
}

func sharedCluster(o pgOptions) (*cluster, error) {
	shared.Lock()
	defer shared.Unlock()
	if c, ok := clusters[o]; ok {
		return c, nil
	}
	c, err := newCluster(o)
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
		c.remove()
		delete(clusters, o)
	}
}

func newCluster(o pgOptions) (*cluster, error) {
	initdb, err1 := findProgram("initdb", pgBin+"initdb")
	postgres, err2 := findProgram("postgres", pgBin+"postgres")
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("%w: install it with `make deps`", err)
	}
	as, err := serverUser()
	if err != nil {
		return nil, err
	}
	// Not a test's own directory: the cluster outlives the test that needed it first, and
	// the path of a unix socket may have 107 bytes only.
	dir, err := os.MkdirTemp("", "holdfast-pg")
	if err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	c := &cluster{dir: dir, log: filepath.Join(dir, "log"), as: as}
	if err = c.init(initdb); err == nil {
		err = c.start(postgres, o)
	}
	if err != nil {
		c.remove()
		return nil, err
	}
	return c, nil
}

// serverUser returns whom the server runs as: nil is the caller. PostgreSQL refuses to run
// as root.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root and there is neither a user postgres nor nobody")
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

func (c *cluster) init(initdb string) error {
	if c.as != nil {
		if err := os.Chown(c.dir, int(c.as.Uid), int(c.as.Gid)); err != nil {
			return fmt.Errorf("hand over data directory: %w", err)
		}
	}
	cmd := exec.Command(initdb, "-D", c.data(), "-U", pgUser, "--auth=trust", "-E", "UTF8", "--no-locale", "--no-sync")
	cmd.Dir = c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Credential: c.as}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (c *cluster) start(postgres string, o pgOptions) error {
	fsync := "on"
	if o.noSync {
		fsync = "off"
	}
	var err error
	for range startAttempts {
		if c.port, err = freePort(); err != nil {
			return err
		}
		c.proc, err = start(spec{
			path: postgres, log: c.log, as: c.as,
			args: []string{
				"-D", c.data(), "-h", "127.0.0.1", "-p", strconv.Itoa(c.port), "-k", c.dir,
				"-c", "fsync=" + fsync, "-c", "max_connections=200",
			},
			ready: func() error { return c.exec("SELECT 1") },
		})
		if err == nil {
			return nil
		}
	}
	return err
}

func (c *cluster) dsn(database string) string {
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", pgUser, address(c.port), database)
}

// exec runs one statement in the maintenance database.
func (c *cluster) exec(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), pgTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.dsn("postgres"))
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// remove stops the server at once, without writing back what nobody will read, and
// deletes its data.
func (c *cluster) remove() {
	if c.proc != nil {
		c.proc.stop(syscall.SIGQUIT)
	}
	_ = os.RemoveAll(c.dir)
}
